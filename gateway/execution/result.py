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


class Patch(msgspec.Struct, frozen=True):
    """What a deferred part brings for the object at `path`; `data` is None where a null has reached its top."""

    path: list[str | int]
    data: dict[str, Any] | None
    label: str | None
    errors: list[FormattedError]

    def to_json(self) -> dict[str, Any]:
        optional = {"label": self.label, "errors": self.errors}
        return {"data": self.data, "path": self.path} | {
            name: value for name, value in optional.items() if value
        }


class Payload(msgspec.Struct, frozen=True):
    """One payload of an answer in parts, as the incremental delivery draft of 2022-08-24 has it.

    The first has `data` and `errors`, those after it `incremental`.
    """

    data: dict[str, Any] | None = None
    errors: list[FormattedError] = []
    incremental: list[Patch] | None = None
    has_next: bool = False

    def encode(self, extensions: dict[str, Any] | None = None) -> bytes:
        """The payload as JSON."""
        payload: dict[str, Any]
        if self.incremental is None:
            payload = {"data": self.data}
        else:
            payload = (
                {"incremental": [patch.to_json() for patch in self.incremental]} if self.incremental else {}
            )
        if self.errors:
            payload["errors"] = self.errors
        if extensions:
            payload["extensions"] = extensions
        return _encoder.encode(payload | {"hasNext": self.has_next})
