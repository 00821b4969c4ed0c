"""The answer to an operation."""

from typing import Any

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
