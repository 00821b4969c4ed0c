import json
from typing import Any

import pytest

TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_live_while_the_process_runs(harbour: Any, depth: list[Exception]) -> None:
    depth.append(RuntimeError("aground"))
    assert (await harbour.get("/health/live")).status == 200


async def test_ready_while_every_check_passes(harbour: Any) -> None:
    answer = await harbour.get("/health/ready")
    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok", "checks": {"depth": "ok"}})


async def test_not_ready_while_a_check_fails_and_without_the_reason(
    harbour: Any, depth: list[Exception]
) -> None:
    depth.append(RuntimeError("aground"))
    answer = await harbour.get("/health/ready")
    assert (answer.status, json.loads(answer.body)) == (
        503,
        {"status": "failing", "checks": {"depth": "failing"}},
    )


async def test_metrics_count_requests_by_route_and_status(harbour: Any) -> None:
    await harbour.ask("{ ships }")
    await harbour.get("/made-up-1")
    await harbour.get("/made-up-2")
    metrics = (await harbour.get("/metrics")).body.decode()
    name = "http_server_request_duration_seconds_count"
    assert f'{name}{{method="POST",route="/graphql",status="200"}} 1.0' in metrics
    assert f'{name}{{method="GET",route="unmatched",status="404"}} 2.0' in metrics


async def test_the_http_doors_are_described(harbour: Any) -> None:
    answer = await harbour.get("/schema")
    assert answer.status == 200
    assert "/door" in json.loads(answer.body)["paths"]


async def test_a_refusal_at_a_door_is_a_problem_document(harbour: Any) -> None:
    answer = await harbour.get("/door")
    assert (answer.status, dict(answer.headers)["content-type"]) == (409, "application/problem+json")
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": "The harbour is closed",
        "status": 409,
        "code": "HARBOUR_CLOSED",
        "until": "spring",
    }


async def test_a_defect_at_a_door_is_masked_and_logged(
    harbour: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await harbour.get("/defect")
    assert answer.status == 500
    assert b"hunter2" not in answer.body
    assert "hunter2" in caplog.text


@pytest.mark.parametrize("path", ["/health/live", "/made-up", "/door"])
async def test_every_answer_carries_the_trace_id_that_the_client_brought(harbour: Any, path: str) -> None:
    answer = await harbour.get(path, ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"))
    assert dict(answer.headers)["hansa-trace-id"] == TRACE


async def test_a_request_without_a_trace_starts_one(harbour: Any) -> None:
    first = dict((await harbour.get("/health/live")).headers)["hansa-trace-id"]
    second = dict((await harbour.get("/health/live")).headers)["hansa-trace-id"]
    assert len(first) == 32
    assert first != second
