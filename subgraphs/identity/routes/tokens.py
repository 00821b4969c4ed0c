"""`/oauth/introspect` and `/oauth/revoke`: what clients and resource servers ask about tokens, and ending them.

Of a token that is at home in another region only that one knows all, and only it can end it.
"""

from collections.abc import Mapping

from litestar import post
from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.domain.clients import Client
from subgraphs.identity.oauth_errors import InvalidClientError, invalid_request
from subgraphs.identity.routes.client_authentication import credentials
from subgraphs.identity.routes.forms import MAX_FORM, Asked, read_form, takes_form
from subgraphs.identity.routes.oauth import REFUSALS, Answer, answer, errors
from subgraphs.identity.routes.passing import pass_on
from subgraphs.identity.service.clients import Clients
from subgraphs.identity.service.homes import Homes
from subgraphs.identity.service.token_status import TokenStatus

INTROSPECT, REVOKE = "/oauth/introspect", "/oauth/revoke"
_FIELDS = takes_form("token", "token_type_hint", "client_id", "client_secret")
_ERRORS = errors(400, 401, 413, 503)


def routes(clients: Clients, status: TokenStatus, homes: Homes) -> list[HTTPRouteHandler]:
    """The route handlers over `status`."""

    async def read(request: Asked, fields: Mapping[str, str]) -> tuple[Client, str]:
        client = await clients.authenticate(credentials(request, fields))
        if not fields.get("token"):
            raise invalid_request("token is missing")
        return client, fields["token"]

    @post(
        INTROSPECT,
        status_code=200,
        responses=_ERRORS,
        exception_handlers=REFUSALS,
        operation_class=_FIELDS,
        request_max_body_size=MAX_FORM,
        summary="Whether a token counts (RFC 7662)",
    )
    async def introspect(request: Asked) -> Answer:
        fields = await read_form(request)
        home = homes.of(fields.get("token", ""))
        if home is not None:
            return await pass_on(homes, home, request, INTROSPECT)
        client, token = await read(request, fields)
        if client.is_public:
            raise InvalidClientError("Only a client that proves who it is may ask about tokens")
        return answer(await status.introspect(client, token, request.app.state.verifier))

    @post(
        REVOKE,
        status_code=200,
        responses=_ERRORS,
        exception_handlers=REFUSALS,
        operation_class=_FIELDS,
        request_max_body_size=MAX_FORM,
        summary="End a token (RFC 7009)",
    )
    async def revoke(request: Asked) -> Answer:
        fields = await read_form(request)
        home = homes.of(fields.get("token", ""))
        if home is not None:
            return await pass_on(homes, home, request, REVOKE)
        client, token = await read(request, fields)
        await status.revoke(client, token, request.app.state.verifier)
        return answer({})

    return [introspect, revoke]
