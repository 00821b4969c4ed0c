"""The one line that each request leaves in the log."""

import json
import logging
from io import StringIO
from typing import Any

import pytest

from common.telemetry.logs import JsonFormatter


@pytest.fixture
def lines() -> Any:
    """The JSON lines of the router's log so far."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("hansa.router")
    level = log.level
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.removeHandler(handler)
    log.setLevel(level)


async def test_a_request_is_one_line_with_its_trace_and_operation(
    make_router: Any, client_of: Any, lines: Any
) -> None:
    async with client_of(make_router()) as client:
        answer = await client.post("/graphql", json={"query": "query Names {products {name}}"})
    (line,) = lines()
    assert line["trace_id"] == answer.headers["hansa-trace-id"]
    assert line["message"] == "request"
    assert (line["method"], line["path"], line["status"], line["errors"]) == ("POST", "/graphql", 200, 0)
    assert (line["operation_type"], line["operation_name"]) == ("query", "Names")
    assert line["duration_ms"] > 0


async def test_a_refused_request_leaves_its_line_too(make_router: Any, client_of: Any, lines: Any) -> None:
    async with client_of(make_router()) as client:
        await client.patch("/graphql")
    (line,) = lines()
    assert (line["method"], line["status"], line["errors"]) == ("PATCH", 405, 1)


async def test_a_subgraphs_error_is_logged_under_the_trace_of_its_request(
    make_router: Any, client_of: Any, lines: Any
) -> None:
    async with client_of(make_router()) as client:
        answer = await client.post("/graphql", json={"query": "{failure}"})
    error, request = lines()
    assert error["trace_id"] == request["trace_id"] == answer.headers["hansa-trace-id"]
    assert (error["subgraph"], error["error"]["message"]) == ("products", "the database at 10.0.0.7 said no")
