"""The door by which other regions ask this one about addresses, people, clients and keys, signed by the secret of all regions."""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, post
from litestar.handlers import HTTPRouteHandler

from common.app import refusals
from common.errors import DomainError
from subgraphs.identity.domain.clients import AboutClient, RemoveClient, RotateClientSecret
from subgraphs.identity.domain.directory import AboutAddress, AboutPerson, Prove, SignIn
from subgraphs.identity.domain.keys import AboutKey, RotateKey, WithdrawKey
from subgraphs.identity.routes.forms import MAX_FORM
from subgraphs.identity.routes.oauth import NO_STORE
from subgraphs.identity.service.clients import Clients
from subgraphs.identity.service.directory import Directory
from subgraphs.identity.service.elsewhere import SigningIn
from subgraphs.identity.service.neighbours import PATH
from subgraphs.identity.service.regions import Regions

Question = AboutAddress | AboutPerson | AboutClient | AboutKey


class UnknownQuestionError(DomainError):
    """What a region was asked is nothing that it knows: another version, or no region."""

    code = "UNKNOWN_QUESTION"


def neighbour_routes(
    directory: Directory, signing_in: SigningIn, clients: Clients, regions: Regions
) -> list[HTTPRouteHandler]:
    """The route handler over what this region decides, and over who and what is at home here."""

    @post(
        PATH,
        status_code=200,
        responses=refusals(400, 401, 403, 421, 429, 503),
        request_max_body_size=MAX_FORM,
        summary="What another region asks",
        include_in_schema=False,
    )
    async def asked(request: Request[Any, Any, Any]) -> Response[bytes]:
        body = await request.body()
        directory.neighbours.check("POST", request.headers.items(), body)
        answered = msgspec.json.encode(await _answer(_read(body)))
        return Response(answered, headers=NO_STORE, media_type=MediaType.JSON)

    async def _answer(question: Question) -> object:
        match question:
            case SignIn() | Prove():
                return await signing_in.answer(question)
            case RotateClientSecret() | RemoveClient():
                return await clients.answer(question)
            case RotateKey() | WithdrawKey():
                return await regions.answer(question)
            case _:
                return await directory.answer(question)

    return [asked]


def _read(body: bytes) -> Question:
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise UnknownQuestionError("The question is not known here") from error


_decoder: msgspec.json.Decoder[Question] = msgspec.json.Decoder(Question)
