import json
import logging
from typing import Any

import pytest

from common.http import Request


async def test_an_operation_is_answered(harbour: Any) -> None:
    answer = await harbour.ask("query Count { ships }", operationName="Count")
    assert (answer.status, json.loads(answer.body)) == (200, {"data": {"ships": 3}})


async def test_a_refusal_is_shown_with_its_code_and_extensions(harbour: Any) -> None:
    answer = json.loads((await harbour.ask("{ ships closed }")).body)
    assert answer["data"] == {"ships": 3, "closed": None}
    assert answer["errors"] == [
        {
            "message": "The harbour is closed",
            "locations": [{"line": 1, "column": 9}],
            "path": ["closed"],
            "extensions": {"code": "HARBOUR_CLOSED", "until": "spring"},
        }
    ]


async def test_a_defect_is_masked_and_logged_in_full(harbour: Any, caplog: pytest.LogCaptureFixture) -> None:
    answer = await harbour.ask("{ defect }")
    error = json.loads(answer.body)["errors"][0]
    assert (error["message"], error["extensions"]) == ("Internal error", {"code": "INTERNAL_SERVER_ERROR"})
    assert b"hunter2" not in answer.body
    assert "hunter2" in caplog.text


async def test_what_would_succeed_a_moment_later_is_no_defect(
    harbour: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await harbour.ask("{ crowded }")
    assert json.loads(answer.body)["errors"][0]["extensions"] == {"code": "OVERLOADED"}
    door = await harbour.get("/crowded")
    assert (door.status, json.loads(door.body)["code"]) == (503, "OVERLOADED")
    assert b"QueuePool" not in answer.body + door.body
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_result_that_its_type_does_not_allow_is_a_masked_defect(
    harbour: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = json.loads((await harbour.ask("{ crew(ships: 5000) }")).body)
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]) == ("Internal error", {"code": "INTERNAL_SERVER_ERROR"})
    assert "5000000000" in caplog.text


async def test_an_argument_that_turns_out_null_is_the_clients_error(
    harbour: Any, caplog: pytest.LogCaptureFixture
) -> None:
    query = "query ($ships: Int = 1) { crew(ships: $ships) }"
    answer = json.loads((await harbour.ask(query, variables={"ships": None})).body)
    assert answer["data"] == {"crew": None}
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_result_that_is_not_json_is_a_masked_defect(harbour: Any) -> None:
    answer = json.loads((await harbour.ask("{ notJson }")).body)
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ ships", "GRAPHQL_PARSE_FAILED"),
        ("{ whales }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { ships @include(if: $n) }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_bad_document_is_an_error_with_no_data(harbour: Any, query: str, code: str) -> None:
    answer = json.loads((await harbour.ask(query)).body)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == code


async def test_an_unknown_operation_is_an_error(harbour: Any) -> None:
    answer = json.loads((await harbour.ask("query A { ships }", operationName="B")).body)
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_UNKNOWN_OPERATION_NAME"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"query": 1}', b'{"query": ""}', b'{"variables": {}}'])
async def test_what_is_not_a_graphql_request_is_status_400(harbour: Any, body: bytes) -> None:
    answer = await harbour.send(
        Request(path="/graphql", body=body, headers=(("content-type", "application/json"),))
    )
    assert answer.status == 400
    assert json.loads(answer.body)["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_another_media_type_is_refused(harbour: Any) -> None:
    answer = await harbour.send(
        Request(path="/graphql", body=b"{}", headers=(("content-type", "text/plain"),))
    )
    assert answer.status == 415


async def test_another_method_is_refused(harbour: Any) -> None:
    answer = await harbour.get("/graphql")
    assert (answer.status, dict(answer.headers)["allow"]) == (405, "POST")


async def test_a_body_that_is_too_large_is_refused(harbour: Any) -> None:
    body = b" " * (16 * 1024 * 1024 + 1)
    answer = await harbour.send(
        Request(path="/graphql", body=body, headers=(("content-type", "application/json"),))
    )
    assert answer.status == 413


async def test_the_routers_deadline_cancels_the_work(harbour: Any) -> None:
    answer = await harbour.ask("{ slow }", headers=(("hansa-deadline-ms", "20"),))
    assert answer.status == 504
    assert json.loads(answer.body)["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"


async def test_without_a_token_a_resolver_may_ask_for_one(harbour: Any) -> None:
    answer = json.loads((await harbour.ask("{ subject }")).body)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_token_that_does_not_count_is_status_401_with_a_challenge(harbour: Any) -> None:
    answer = await harbour.ask("{ ships }", headers=(("authorization", "Bearer abc"),))
    assert answer.status == 401
    assert 'error="invalid_token"' in dict(answer.headers)["www-authenticate"]
    extensions = json.loads(answer.body)["errors"][0]["extensions"]
    assert extensions == {"code": "UNAUTHENTICATED", "reason": "MALFORMED"}


async def test_the_router_tells_the_clients_address(harbour: Any) -> None:
    answer = await harbour.ask("{ client }", headers=(("hansa-client-address", "192.0.2.7"),))
    assert json.loads(answer.body)["data"] == {"client": "192.0.2.7"}


async def test_the_schema_is_given_to_the_composer(harbour: Any) -> None:
    answer = json.loads((await harbour.ask("{ _service { sdl } }")).body)
    assert "ships: Int!" in answer["data"]["_service"]["sdl"]


async def test_each_request_leaves_one_log_line(harbour: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "hansa.harbour"):
        await harbour.ask("{ ships }")
    (record,) = [record for record in caplog.records if record.message == "request"]
    data = record.__dict__["data"]
    assert (data["method"], data["path"], data["status"]) == ("POST", "/graphql", 200)
    assert data["duration_ms"] > 0
