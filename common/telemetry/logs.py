"""JSON log lines: one object a line, with the trace id of the task that logs."""

import logging
import sys
from datetime import UTC, datetime
from typing import IO, Any

import msgspec

from common.telemetry.context import trace_id

_encode = msgspec.json.Encoder(enc_hook=str).encode
_UNUSED_BY_THE_LINES = ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks")


class JsonFormatter(logging.Formatter):
    """Writes `time` (UTC), `level`, `logger`, `message`, `trace_id` and the members of `extra={"data": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := trace_id():
            line["trace_id"] = trace
        line.update(getattr(record, "data", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _encode(line).decode()


def configure_logging(level: str, stream: IO[str] | None = None) -> None:
    """Sends all logs of the process to `stream` (standard error) as JSON lines; called once by a process's entry."""
    # What no line tells is not looked up: half of a line's cost (the logging HOWTO, "Optimization").
    logging._srcfile = None  # noqa: SLF001 - the documented way to leave out the caller's place
    for switch in _UNUSED_BY_THE_LINES:
        setattr(logging, switch, False)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in ("strawberry.execution", "uvicorn.access", "httpx"):
        logging.getLogger(chatty).disabled = True
