"""One request and what is told about it afterwards."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gateway.server.http.negotiation import JSON
from gateway.server.http.request import HttpRequest
from gateway.server.traffic.response_headers import AnswerHeaders

if TYPE_CHECKING:  # it loads cryptography
    from common.auth import Caller
    from common.limiting import LimitState
    from gateway.server.operation import Operation
    from gateway.server.plugins.call import Call


class Exchange(Struct):
    """What the parts of the router find out about a request while they answer it.

    `call` is what its plugins share; a batch has an exchange for each of its `entries`.
    `takes_events` says that the client has a way to receive what a subscription answers.
    """

    request: HttpRequest
    media_type: str = JSON
    operation_type: str = ""
    operation_name: str | None = None
    errors: int = 0
    caller: "Caller | None" = None
    call: "Call | None" = None
    operation: "Operation | None" = None
    entries: "Sequence[Exchange]" = ()
    answer_headers: AnswerHeaders | None = None
    limits: "tuple[LimitState, ...]" = ()
    takes_events: bool = False
    started: float = field(default_factory=time.perf_counter)

    def log_line(self, status: int, seconds: float) -> dict[str, object]:
        """The members of the access log's line."""
        line: dict[str, object] = {
            "method": self.request.method,
            "path": self.request.path,
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
            "errors": self.errors,
        }
        if self.operation_type:
            line |= {"operation_type": self.operation_type, "operation_name": self.operation_name}
        if self.caller:
            line["caller"] = self.caller.subject
        return line
