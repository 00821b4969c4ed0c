"""Requests about tokens that are at home in another region: they go there as they came, and its answer comes back."""

from litestar import MediaType, Response

from common.http import Request
from subgraphs.identity.routes.forms import Asked
from subgraphs.identity.routes.oauth import NO_STORE, Answer
from subgraphs.identity.service.homes import Homes


async def pass_on(homes: Homes, home: str, request: Asked, path: str) -> Answer:
    """The home's answer; it knows the client, too. Raises HomeUnavailableError."""
    headers = tuple(request.headers.items())
    answered = await homes.pass_on(home, Request(path=path, body=await request.body(), headers=headers))
    return Response(answered.body, status_code=answered.status, headers=NO_STORE, media_type=MediaType.JSON)
