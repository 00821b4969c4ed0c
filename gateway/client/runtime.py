"""Sends operations and reads their answers; the other modules say what is in them."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from msgspec import UNSET, Struct

R = TypeVar("R")


class Data(Struct, frozen=True, kw_only=True):
    """An object of an answer."""


class Variant(Struct, frozen=True, kw_only=True, tag_field="__typename"):
    """An object of an answer that may be of several types, told by `__typename`."""


class Input(Struct, frozen=True, kw_only=True):
    """An input object; a member that is UNSET is not sent."""


class Operation(Struct, Generic[R], frozen=True):
    """A document, the id by which a persisted query list has it, its data's type."""

    name: str
    id: str
    document: str
    data: type[R]


class Error(Struct, frozen=True):
    """One error of an answer."""

    message: str
    path: tuple[str | int, ...] = ()
    extensions: Mapping[str, Any] = {}


class OperationError(Exception):
    """The answer has errors; `data` is what it has beside them, or None."""

    def __init__(self, errors: tuple[Error, ...], data: object) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors
        self.data = data


class AnswerError(Exception):
    """What came back is not the answer of a GraphQL server to this operation."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"status {status}: {reason}")
        self.status = status


class HttpResponse(Protocol):
    """A whole response."""

    @property
    def status_code(self) -> int: ...

    @property
    def content(self) -> bytes: ...


class HttpClient(Protocol):
    """Whatever posts as `httpx.AsyncClient` does."""

    async def post(
        self,
        url: str,
        *,
        content: bytes,
        headers: dict[str, str],
    ) -> HttpResponse: ...


class Client:
    """Sends operations to the GraphQL endpoint `url`, each with `headers`.

    With `persisted` only their ids are sent: for a server that has their manifest.
    """

    def __init__(
        self,
        http: HttpClient,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        persisted: bool = False,
    ) -> None:
        self._http = http
        self._url = url
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._persisted = persisted

    async def execute(self, operation: Operation[R], variables: Mapping[str, Any]) -> R:
        """The operation's data.

        Raises OperationError, AnswerError, and whatever `http` raises.
        """
        asked: dict[str, Any] = {"operationName": operation.name}
        if self._persisted:
            extension = {"version": 1, "sha256Hash": operation.id}
            asked["extensions"] = {"persistedQuery": extension}
        else:
            asked["query"] = operation.document
        given = {key: value for key, value in variables.items() if value is not UNSET}
        content = msgspec.json.encode({**asked, "variables": given})
        headers = self._headers
        response = await self._http.post(self._url, content=content, headers=headers)
        return _read(response, operation)


class _Answer(Struct, Generic[R]):
    data: R | None = None
    errors: tuple[Error, ...] = ()


def _read(response: HttpResponse, operation: Operation[R]) -> R:
    data: Any = operation.data
    decoder = _decoder(data)
    try:
        answer: _Answer[R] = decoder.decode(response.content)
    except msgspec.DecodeError as error:
        raise AnswerError(response.status_code, str(error)) from None
    if answer.errors:
        raise OperationError(answer.errors, answer.data)
    if answer.data is None:
        raise AnswerError(response.status_code, "neither data nor errors")
    return answer.data


@cache
def _decoder(data: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_Answer[data])
