"""`POST /oauth/par`: where clients leave an authorization request, so that the browser carries nothing of it (RFC 9126)."""

from litestar import post
from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.domain.authorization import MAX_REQUEST
from subgraphs.identity.domain.pushed_requests import LIFETIME
from subgraphs.identity.oauth_errors import invalid_request
from subgraphs.identity.routes.client_authentication import credentials
from subgraphs.identity.routes.forms import Asked, read_form, takes_form
from subgraphs.identity.routes.oauth import REFUSALS, Answer, answer, errors
from subgraphs.identity.service.clients import Clients
from subgraphs.identity.service.pushed_requests import PushedRequests

PUSH = "/oauth/par"
_FIELDS = ("client_id", "client_secret", "redirect_uri", "response_type", "scope", "state")


def routes(clients: Clients, pushed: PushedRequests) -> list[HTTPRouteHandler]:
    """The route handler over `pushed`."""

    @post(
        PUSH,
        status_code=201,
        responses=errors(400, 401, 413, 503),
        exception_handlers=REFUSALS,
        operation_class=takes_form(*_FIELDS, others=True),
        request_max_body_size=MAX_REQUEST,
        summary="Push an authorization request (RFC 9126)",
    )
    async def push(request: Asked) -> Answer:
        fields = await read_form(request)
        client = await clients.authenticate(credentials(request, fields))
        if "request" in fields:
            raise invalid_request("Request objects are not supported")
        request_uri = await pushed.push(client, fields)
        return answer({"request_uri": request_uri, "expires_in": int(LIFETIME.total_seconds())}, 201)

    return [push]
