"""`POST /oauth/token`: what clients were given, for tokens (RFC 6749 section 3.2)."""

from collections.abc import Awaitable, Callable, Mapping

from litestar import post
from litestar.handlers import HTTPRouteHandler

from common.auth import TokenVerifier
from subgraphs.identity.domain.clients import Client, GrantType
from subgraphs.identity.domain.token_exchange import ACCESS_TOKEN_TYPE
from subgraphs.identity.oauth_errors import OAuthError, invalid_request
from subgraphs.identity.provider import Provider
from subgraphs.identity.routes.client_authentication import credentials
from subgraphs.identity.routes.forms import MAX_FORM, Asked, read_form, takes_form
from subgraphs.identity.routes.oauth import REFUSALS, Answer, answer, errors
from subgraphs.identity.routes.passing import pass_on
from subgraphs.identity.service.devices import Devices
from subgraphs.identity.service.grants import Grants, Tokens
from subgraphs.identity.service.token_exchange import ExchangedToken, TokenExchange

PATH = "/oauth/token"
SUBJECT_TOKEN = "subject_token"  # noqa: S105 - a parameter's value
Exchange = Callable[[Client, Mapping[str, str]], Awaitable[Tokens]]
_FIELDS = (
    *("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "device_code"),
    *("client_id", "client_secret"),
    *("subject_token", "subject_token_type", "requested_token_type", "audience", "hansa_lifetime"),
)


def routes(provider: Provider) -> list[HTTPRouteHandler]:
    """The route handlers over what `provider` grants."""
    clients, homes = provider.clients, provider.homes
    exchanges = _exchanges(provider.grants, provider.devices)

    @post(
        PATH,
        status_code=200,
        responses=errors(400, 401, 413, 503),
        exception_handlers=REFUSALS,
        operation_class=takes_form(*_FIELDS),
        request_max_body_size=MAX_FORM,
        summary="Exchange a grant for tokens",
    )
    async def token(request: Asked) -> Answer:
        fields = await read_form(request)
        home = homes.of(fields.get("refresh_token", ""))
        if home is not None:
            return await pass_on(homes, home, request, PATH)
        client = await clients.authenticate(credentials(request, fields))
        name = fields.get("grant_type")
        if name is None:
            raise invalid_request("grant_type is missing")
        if name not in exchanges and name != GrantType.TOKEN_EXCHANGE:
            raise OAuthError("unsupported_grant_type", "This grant_type is not known")
        if not client.may(GrantType(name)):
            raise OAuthError("unauthorized_client", "The client may not use this grant_type")
        if name == GrantType.TOKEN_EXCHANGE:
            verifier: TokenVerifier = request.app.state.verifier
            return answer(await _exchange_token(provider.token_exchange, verifier, client, fields))
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


async def _exchange_token(
    token_exchange: TokenExchange, verifier: TokenVerifier, client: Client, fields: Mapping[str, str]
) -> ExchangedToken:
    """Of RFC 8693's token types there is one here."""
    wanted = fields.get("requested_token_type", ACCESS_TOKEN_TYPE)
    if _required(fields, "subject_token_type") != ACCESS_TOKEN_TYPE or wanted != ACCESS_TOKEN_TYPE:
        raise invalid_request("Only access tokens are exchanged, and for access tokens only")
    if "actor_token" in fields:
        raise invalid_request("Who acts is the client itself: actor_token is not taken")
    if fields.get("hansa_lifetime", SUBJECT_TOKEN) != SUBJECT_TOKEN:
        raise invalid_request(
            "hansa_lifetime may be subject_token, for a token that lasts as long, or missing"
        )
    return await token_exchange.exchange(
        verifier,
        _required(fields, "subject_token"),
        audience=_required(fields, "audience"),
        actor=client.id,
        scopes=_scopes(fields),
        is_lasting="hansa_lifetime" in fields,
    )


def _required(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise invalid_request(f"{name} is missing")
    return fields[name]


def _scopes(fields: Mapping[str, str]) -> list[str] | None:
    return fields["scope"].split() if "scope" in fields else None
