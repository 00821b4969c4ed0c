import json
import logging
import re
import sys

import pytest

from common.telemetry import TraceContext, current_trace, outgoing_headers, trace_id
from common.telemetry.logs import JsonFormatter

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "garbage",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_a_malformed_traceparent_counts_as_none(header: str | None) -> None:
    assert TraceContext.parse(header) is None


def test_a_later_version_may_have_more_members() -> None:
    trace = TraceContext.parse(f"01-{TRACE}-{SPAN}-01-what-comes")
    assert trace is not None
    assert trace.trace_id == TRACE


def test_what_was_brought_is_passed_on_unchanged() -> None:
    trace = TraceContext.parse(f"00-{TRACE}-{SPAN}-01", "vendor=1")
    token = current_trace.set(trace)
    assert trace_id() == TRACE
    assert outgoing_headers() == (("traceparent", f"00-{TRACE}-{SPAN}-01"), ("tracestate", "vendor=1"))
    current_trace.reset(token)


def test_a_new_trace_is_valid_and_not_sampled() -> None:
    ((_, value),) = TraceContext.start().headers()
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", value)
    assert TraceContext.parse(value)


def test_outside_of_a_request_there_is_no_trace() -> None:
    assert trace_id() is None
    assert outgoing_headers() == ()


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("hansa.x", logging.INFO, __file__, 1, "moved %s", ("it",), None)
    made.__dict__.update(extra)
    return made


def test_a_log_line_is_one_json_object_with_the_trace_id() -> None:
    token = current_trace.set(TraceContext(TRACE, SPAN))
    line = JsonFormatter().format(record(data={"status": 200, "what": {1}}))
    current_trace.reset(token)
    assert "\n" not in line
    members = json.loads(line)
    assert members.pop("time").endswith("+00:00")
    assert members == {
        "level": "INFO",
        "logger": "hansa.x",
        "message": "moved it",
        "trace_id": TRACE,
        "status": 200,
        "what": [1],
    }


def test_an_exception_stays_in_its_line() -> None:
    try:
        int("lost")
    except ValueError:
        line = JsonFormatter().format(record(exc_info=sys.exc_info()))
    assert "\n" not in line
    assert "ValueError: invalid literal" in json.loads(line)["exception"]
