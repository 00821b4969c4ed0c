"""`POST /oauth/token`: what clients were given, for tokens (RFC 6749 section 3.2)."""

from collections.abc import Awaitable, Callable, Mapping

from litestar import post
from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.domain.clients import Client, GrantType
from subgraphs.identity.oauth_errors import OAuthError, invalid_request
from subgraphs.identity.routes.client_authentication import credentials
from subgraphs.identity.routes.forms import MAX_FORM, Asked, read_form, takes_form
from subgraphs.identity.routes.oauth import REFUSALS, Answer, answer, errors
from subgraphs.identity.service.clients import Clients
from subgraphs.identity.service.devices import Devices
from subgraphs.identity.service.grants import Grants, Tokens

Exchange = Callable[[Client, Mapping[str, str]], Awaitable[Tokens]]
_FIELDS = (
    *("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "device_code"),
    *("client_id", "client_secret"),
)


def routes(clients: Clients, grants: Grants, devices: Devices) -> list[HTTPRouteHandler]:
    """The route handler over `grants` and `devices`."""
    exchanges = _exchanges(grants, devices)

    @post(
        "/oauth/token",
        status_code=200,
        responses=errors(400, 401, 413, 503),
        exception_handlers=REFUSALS,
        operation_class=takes_form(*_FIELDS),
        request_max_body_size=MAX_FORM,
        summary="Exchange a grant for tokens",
    )
    async def token(request: Asked) -> Answer:
        fields = await read_form(request)
        client = await clients.authenticate(credentials(request, fields))
        name = fields.get("grant_type")
        if name is None:
            raise invalid_request("grant_type is missing")
        if name not in exchanges:
            raise OAuthError("unsupported_grant_type", "This grant_type is not known")
        if not client.may(GrantType(name)):
            raise OAuthError("unauthorized_client", "The client may not use this grant_type")
        return answer(await exchanges[name](client, fields))

    return [token]


def _exchanges(grants: Grants, devices: Devices) -> Mapping[str, Exchange]:
    """What is exchanged by which `grant_type`."""

    def code(client: Client, fields: Mapping[str, str]) -> Awaitable[Tokens]:
        return grants.exchange_code(
            client,
            _required(fields, "code"),
            _required(fields, "redirect_uri"),
            _required(fields, "code_verifier"),
        )

    def refresh_token(client: Client, fields: Mapping[str, str]) -> Awaitable[Tokens]:
        return grants.refresh(client, _required(fields, "refresh_token"), _scopes(fields))

    def client_credentials(client: Client, fields: Mapping[str, str]) -> Awaitable[Tokens]:
        return grants.client_credentials(client, _scopes(fields))

    def device_code(client: Client, fields: Mapping[str, str]) -> Awaitable[Tokens]:
        return devices.poll(client, _required(fields, "device_code"))

    return {
        GrantType.DEVICE_CODE.value: device_code,
        GrantType.AUTHORIZATION_CODE.value: code,
        GrantType.REFRESH_TOKEN.value: refresh_token,
        GrantType.CLIENT_CREDENTIALS.value: client_credentials,
    }


def _required(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise invalid_request(f"{name} is missing")
    return fields[name]


def _scopes(fields: Mapping[str, str]) -> list[str] | None:
    return fields["scope"].split() if "scope" in fields else None
