"""Guarantees 14, 15 and 17 of jobs' README at its HTTP doors, whose rules are the graph's."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from common.app import running
from common.http import Request, Response, open_transport
from subgraphs.jobs.app import service
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

Send = Callable[..., Awaitable[Response]]
ADA, BOB = "0199d3a0-0000-7000-8000-000000000001", "0199d3a0-0000-7000-8000-000000000002"
BELL = {"kind": "harbour.ring_bell", "arguments": {"times": 2}}


@pytest.fixture
async def send(desk: Any, database_url: str, nats_url: str) -> AsyncIterator[Send]:
    """Sends a request with a user's token, or without one, to the service, which runs jobs itself."""
    assert desk, "it has the tables"
    issuer = Issuer()
    app = service.create_app(
        {
            "DATABASE_URL": database_url,
            "NATS_URL": nats_url,
            "HANSA_ISSUER": ISSUER,
            "HANSA_AUDIENCE": AUDIENCE,
            "HANSA_JWKS_URL": "app://issuer/jwks",
        }
    )
    app.state.apps = {"issuer": issuer}
    async with running(app):
        transport = open_transport("app://jobs", apps={"jobs": app})

        async def send(
            method: str, path: str, body: bytes = b"", user: str | None = ADA, scope: str = "", **headers: str
        ) -> Response:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            if user:
                given["authorization"] = f"Bearer {issuer.token({'sub': user, 'scope': scope})}"
            request = Request(path=path, method=method, body=body, headers=tuple(given.items()))
            async with asyncio.timeout(30):
                return await transport.send(request)

        yield send
        await transport.close()


async def ask(send: Send, *jobs: object, key: str = "k", **more: str) -> Response:
    """Asks for one job as JSON, for others as NDJSON."""
    media = "application/json" if len(jobs) == 1 else "application/x-ndjson"
    body = b"\n".join(job if isinstance(job, bytes) else json.dumps(job).encode() for job in jobs)
    headers = {"content_type": media, "idempotency_key": key} | more
    return await send("POST", "/jobs", body, **headers)


async def test_a_job_is_asked_for_once_a_key_and_seen(send: Send) -> None:
    asked = await ask(send, BELL | {"priority": "URGENT"})
    assert asked.status == 201
    (id_,) = json.loads(asked.body)["ids"]
    assert (await ask(send, BELL | {"priority": "URGENT"})).body == asked.body
    other = await ask(send, BELL)
    assert (other.status, json.loads(other.body)["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    seen = json.loads((await send("GET", f"/jobs/{id_}")).body)
    assert (seen["id"], seen["kind"], seen["priority"]) == (id_, "harbour.ring_bell", "URGENT")
    assert seen["arguments"] == {"times": 2}


async def test_a_job_is_followed_to_its_end(send: Send) -> None:
    (id_,) = json.loads((await ask(send, BELL)).body)["ids"]
    followed = await send("GET", f"/jobs/{id_}/events")
    assert dict(followed.headers)["content-type"] == "text/event-stream"
    *_, last, end = followed.body.decode().strip().split("\n\n")
    name, data = last.split("\n")
    seen = json.loads(data.removeprefix("data: "))
    assert (name, end.split("\n")[0]) == ("event: next", "event: complete")
    assert (seen["state"], seen["result"]) == ("SUCCEEDED", "dong dong")
    assert json.loads((await send("GET", f"/jobs/{id_}")).body) == seen


async def test_a_batch_is_asked_for_whole_or_not_at_all(send: Send, desk: Any) -> None:
    refused = await ask(send, BELL, b"", {"kind": "harbour.whale"})
    assert (refused.status, json.loads(refused.body)["code"]) == (422, "UNKNOWN_KIND")
    refused = await ask(send, BELL, b"{")
    assert json.loads(refused.body)["field"] == "job 2"
    assert await desk.scalar("SELECT count(*) FROM job") == 0
    ids = json.loads((await ask(send, *[BELL] * 20)).body)["ids"]
    assert len(set(ids)) == await desk.scalar("SELECT count(*) FROM job") == 20


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        (b"", {}, 422),
        (b"[]", {}, 422),
        (b'{"kind": "harbour.ring_bell", "arguments": [1]}', {}, 422),
        (b'{"kind": "harbour.ring_bell", "more": 1}', {}, 422),
        (b'{"kind": "harbour.ring_bell", "runAt": "2030-01-01T00:00:00"}', {}, 422),
        (b'{"kind": "harbour.ring_bell", "queue": "other"}', {}, 422),
        (b'{"kind": "harbour.ring_bell"}', {"idempotency_key": ""}, 422),
        (b"\n\n", {"content_type": "application/x-ndjson"}, 422),
        (b'{"kind": "harbour.ring_bell"}', {"content_type": "text/plain"}, 415),
        (b'{"kind": "harbour.ring_bell"}\n' * 1_001, {"content_type": "application/x-ndjson"}, 422),
    ],
)
async def test_what_cannot_be_a_job_is_refused(
    send: Send, body: bytes, more: dict[str, str], status: int
) -> None:
    refused = await ask(send, body, **more)
    assert (refused.status, json.loads(refused.body)["status"]) == (status, status)


async def test_jobs_are_their_owners(send: Send) -> None:
    (id_,) = json.loads((await ask(send, BELL)).body)["ids"]
    for path in (f"/jobs/{id_}", f"/jobs/{id_}/events"):
        assert (await send("GET", path, user=BOB)).status == 404
        assert (await send("GET", path, user=None)).status == 401
        assert (await send("GET", path, user=BOB, scope="jobs:admin")).status == 200
    assert (await send("POST", "/jobs", user=None, idempotency_key="k")).status == 401
    assert (await send("POST", "/jobs")).status == 400


async def test_administrators_choose_the_queue(send: Send, desk: Any) -> None:
    chosen = await ask(send, BELL | {"queue": "other"}, user=ADA, scope="jobs:admin")
    assert chosen.status == 201
    assert await desk.scalar("SELECT queue FROM job") == "other"
