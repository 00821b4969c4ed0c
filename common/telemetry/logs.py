"""JSON log lines: one object a line, with the trace id of the task that logs."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, Any

import msgspec

from common.telemetry.context import trace_id

_encode = msgspec.json.Encoder(enc_hook=str).encode
_MOST_WAITING = 1_000
_UNUSED_BY_THE_LINES = ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks")


class JsonFormatter(logging.Formatter):
    """Writes `time` (UTC), `level`, `logger`, `message`, `trace_id` and the members of `extra={"data": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        data = getattr(record, "data", {})
        if record.exc_info:
            data = {**data, "exception": self.formatException(record.exc_info)}
        return _line(record.created, record.levelname, record.name, record.getMessage(), data)


class JsonHandler(logging.StreamHandler[IO[str]]):
    """Writes the lines of a process, in their order."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(stream)
        self.setFormatter(JsonFormatter())
        self._waiting: list[str] = []

    def write(self, line: str) -> None:
        """A line that no record was made for.

        Those of one turn of the event loop are one system call; a process that is killed in the midst of a turn loses them. What the
        stream raises ends here, as it does with a record.
        """
        with self.lock or nullcontext():
            self._waiting.append(line)
            count = len(self._waiting)
        if count == 1:
            _at_the_turns_end(self.flush)
        elif count >= _MOST_WAITING:
            self.flush()

    def emit(self, record: logging.LogRecord) -> None:
        if self._waiting:
            self.flush()
        super().emit(record)

    def flush(self) -> None:
        """Write what waits; called at a process's end, too."""
        with self.lock or nullcontext():
            waiting, self._waiting = self._waiting, []
            try:
                if waiting:
                    self.stream.write(self.terminator.join((*waiting, "")))
                super().flush()
            except (OSError, ValueError):
                if waiting:  # a stream that was closed at a process's end loses nothing else
                    self.handleError(logging.makeLogRecord({"msg": "".join(waiting)}))


def _at_the_turns_end(call: Callable[[], None]) -> None:
    """`call` once the event loop has done what is due now; at once where none runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        call()
    else:
        loop.call_soon(call)


def log_request(log: logging.Logger, data: Mapping[str, object], trace: str | None = None) -> None:
    """The line that each request leaves: `log.info("request", extra={"data": data})`, at half of its cost.

    No record is made of it where nobody but a `JsonHandler` would see one. `trace` is the trace id of the running task, where that is known.
    """
    if not log.isEnabledFor(logging.INFO):
        return
    handler = _only_handler(log)
    if handler is None:
        log.info("request", extra={"data": data})
    else:
        handler.write(_line(time.time(), "INFO", log.name, "request", data, trace=trace))


class TextFormatter(logging.Formatter):
    """What the JSON lines say, for a person who reads along: `time level logger: message name=value ...`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name in logging
        trace = trace_id()
        data = {**getattr(record, "data", {}), **({"trace_id": trace} if trace else {})}
        return " ".join([super().formatMessage(record), *(f"{name}={value}" for name, value in data.items())])


def log_as_text() -> None:
    """What `configure_logging` made lines of JSON is text from now on."""
    root = logging.getLogger()
    for handler in root.handlers:
        if isinstance(handler, JsonHandler):
            text = logging.StreamHandler(handler.stream)
            text.setFormatter(TextFormatter())
            root.handlers = [text]


def configure_logging(level: str, stream: IO[str] | None = None) -> None:
    """Sends all logs of the process to `stream` (standard error) as JSON lines; called once by a process's entry."""
    # What no line tells is not looked up: half of a line's cost (the logging HOWTO, "Optimization").
    logging._srcfile = None  # noqa: SLF001 - the documented way to leave out the caller's place
    for switch in _UNUSED_BY_THE_LINES:
        setattr(logging, switch, False)
    root = logging.getLogger()
    root.handlers = [JsonHandler(stream or sys.stderr)]
    root.setLevel(level)
    for chatty in ("strawberry.execution", "uvicorn.access", "httpx"):
        logging.getLogger(chatty).disabled = True


def _line(
    created: float,
    level: str,
    logger: str,
    message: str,
    data: Mapping[str, object],
    *,
    trace: str | None = None,
) -> str:
    line: dict[str, Any] = {"time": _time(created), "level": level, "logger": logger, "message": message}
    if trace := trace or trace_id():
        line["trace_id"] = trace
    return _encode({**line, **data}).decode()


def _time(created: float) -> str:
    return _millisecond(int(created * 1000))


@lru_cache(maxsize=4)
def _millisecond(milliseconds: int) -> str:
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03}+00:00"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def _only_handler(log: logging.Logger) -> JsonHandler | None:
    """The handler that alone hears what `log` says, and says nothing of it to any filter."""
    found = None
    level: logging.Logger | None = log
    while level is not None:
        if level.filters or len(level.handlers) > 1 or (level.handlers and found is not None):
            return None
        if level.handlers:
            (found,) = level.handlers
        level = level.parent if level.propagate else None
    return found if isinstance(found, JsonHandler) and not found.filters and not found.level else None
