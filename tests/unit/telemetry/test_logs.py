"""The line of a request is the same whether a record was made of it or not."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime

import pytest

from common.telemetry import TraceContext, current_trace, log_request
from common.telemetry.logs import JsonHandler

TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
DATA = {"method": "POST", "status": 200, "duration_ms": 0.25, "operation_name": None}


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> Iterator[logging.Logger]:
    """A logger whose only handler writes JSON lines into `stream`."""
    made = logging.Logger("hansa.x", logging.INFO)  # noqa: LOG001 - below no other one, and gone with the test
    made.addHandler(JsonHandler(stream))
    token = current_trace.set(TRACE)
    yield made
    current_trace.reset(token)


def test_a_request_leaves_the_line_that_its_record_would(log: logging.Logger, stream: io.StringIO) -> None:
    log_request(log, DATA)
    log.info("request", extra={"data": DATA})
    own, recorded = map(json.loads, stream.getvalue().splitlines())
    assert datetime.fromisoformat(own.pop("time")) <= datetime.fromisoformat(recorded.pop("time"))
    assert list(own.items()) == list(recorded.items())
    assert (
        own == {"level": "INFO", "logger": "hansa.x", "message": "request", "trace_id": TRACE.trace_id} | DATA
    )


def test_whoever_else_listens_gets_a_record(log: logging.Logger, stream: io.StringIO) -> None:
    heard: list[logging.LogRecord] = []

    def listen(record: logging.LogRecord) -> bool:
        heard.append(record)
        return True

    log.addFilter(listen)
    log_request(log, DATA)
    assert [(record.msg, record.__dict__["data"]) for record in heard] == [("request", DATA)]
    assert len(stream.getvalue().splitlines()) == 1


def test_a_handler_of_a_parent_hears_it_too(log: logging.Logger, stream: io.StringIO) -> None:
    others = io.StringIO()
    log.parent = logging.Logger("hansa")  # noqa: LOG001 - gone with the test
    log.parent.addHandler(logging.StreamHandler(others))
    log_request(log, DATA)
    assert others.getvalue() == "request\n"
    assert len(stream.getvalue().splitlines()) == 1


def test_a_level_above_info_leaves_no_line(log: logging.Logger, stream: io.StringIO) -> None:
    log.setLevel(logging.WARNING)
    log_request(log, DATA)
    assert stream.getvalue() == ""


def test_a_stream_that_is_closed_fails_no_request(
    log: logging.Logger, stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.close()
    log_request(log, DATA)
    assert "Logging error" in capsys.readouterr().err
