"""The answer to an operation."""

from typing import Any, ClassVar

import msgspec

from gateway.execution.errors import FormattedError

_encoder = msgspec.json.Encoder()


class ExecutionResult(msgspec.Struct, frozen=True):
    """`data` is in the operation's order; None where a null has reached the root (GraphQL §7.1)."""

    data: dict[str, Any] | None
    errors: list[FormattedError]

    def encode(self, extensions: dict[str, Any] | None = None) -> bytes:
        """The response as JSON; `errors` and `extensions` only where there are any."""
        response: dict[str, Any] = {"data": self.data}
        if self.errors:
            response["errors"] = self.errors
        if extensions:
            response["extensions"] = extensions
        return _encoder.encode(response)


class EncodedResult:
    """An answer without errors that is encoded already."""

    __slots__ = ("_json",)

    errors: ClassVar[list[FormattedError]] = []

    def __init__(self, json: bytes) -> None:
        self._json = json

    @property
    def data(self) -> dict[str, Any]:
        """See `ExecutionResult`; decoded anew each time."""
        data: dict[str, Any] = msgspec.json.decode(self._json)["data"]
        return data

    def encode(self, extensions: dict[str, Any] | None = None) -> bytes:
        """See `ExecutionResult`."""
        if not extensions:
            return self._json
        return self._json[:-1] + b',"extensions":' + _encoder.encode(extensions) + b"}"
