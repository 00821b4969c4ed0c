"""`PUT /imports/{file_id}` with CSV, what has come of it, and `GET /stock.csv`; all are streamed."""

import codecs
import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from litestar import Request, get, put
from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import Parameter
from litestar.response import Stream
from litestar.types import Guard

from common.app import refusals
from common.errors import ForbiddenError, UnauthenticatedError
from subgraphs.inventory.domain.importing import MAX_LINE, ImportProblem, ImportReport
from subgraphs.inventory.service.imports import Imports

READ, WRITE = "inventory:read", "inventory:write"


FileId = Annotated[str, Parameter(description="Chosen by the sender: a file that is sent again goes on.")]


def routes(imports: Imports) -> list[HTTPRouteHandler]:
    """The route handlers over `imports`."""

    @put(
        "/imports/{file_id:str}",
        summary="Set what is available, by CSV with the columns sku, warehouse, quantity and perhaps compare_quantity",
        guards=[_needs(WRITE)],
        responses=refusals(400, 401, 403, 409, 422),
    )
    async def import_stock(file_id: FileId, request: Request[Any, Any, Any]) -> ImportReport:
        return await imports.run(file_id, _lines(request.stream()))

    @get(
        "/imports/{file_id:str}/report",
        summary="How far a file is imported, and what was wrong with which row",
        guards=[_needs(READ, WRITE)],
        responses=refusals(400, 401, 403, 404),
    )
    async def find_import(file_id: FileId) -> ImportReport:
        found = await imports.find(file_id)
        if found is None:
            raise NotFoundException("No such file was ever begun")
        return found

    @get(
        "/stock.csv",
        summary="All stock, a row for each place",
        guards=[_needs(READ, WRITE)],
        media_type="text/csv",
        responses=refusals(401, 403),
    )
    async def export_stock() -> Stream:
        return Stream(_csv(imports.export()), media_type="text/csv")

    return [import_stock, find_import, export_stock]


def _needs(*scopes: str) -> Guard:
    """Lets a caller in whose token has one of the scopes."""

    async def admit(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        caller = await connection.app.state.verifier.authenticate(connection.headers.get("authorization"))
        if caller is None:
            raise UnauthenticatedError
        if not caller.scopes & set(scopes):
            raise ForbiddenError(f"This needs the scope {scopes[0]}")

    return admit


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The lines of a text in UTF-8 without their ends; blank ones are none. Raises ImportProblem."""
    decoder, rest = codecs.getincrementaldecoder("utf-8")(), ""
    try:
        async for chunk in chunks:
            *lines, rest = (rest + decoder.decode(chunk)).split("\n")
            for line in lines:
                if line.strip():
                    yield line.rstrip("\r")
            if len(rest) > MAX_LINE:
                raise ImportProblem(f"A line is longer than {MAX_LINE} characters")
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise ImportProblem(f"The file is not UTF-8: {error.reason}") from None
    if rest.strip():
        yield rest.rstrip("\r")


async def _csv(rows: AsyncIterator[Sequence[object]]) -> AsyncIterator[str]:
    async for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(row)
        yield line.getvalue()
