"""Jobs' HTTP doors: ask for jobs, one or a batch, look at one, and follow it. The rules are those of the graph."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.exceptions import ClientException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, HeaderParameter
from litestar.status_codes import HTTP_415_UNSUPPORTED_MEDIA_TYPE
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from common.app import refusals
from common.app.event_stream import EVENT_STREAM, EventStream
from common.auth import Caller, lifetime
from common.errors import UnauthenticatedError
from common.inputs import InvalidInputError
from common.live import Live
from subgraphs.jobs.access import may_see
from subgraphs.jobs.domain.jobs import FINAL, Job
from subgraphs.jobs.domain.queues import QUEUE
from subgraphs.jobs.service.asking import AskedJob, fingerprint, request_of
from subgraphs.jobs.service.jobs import JobBook

JSON, NDJSON = "application/json", "application/x-ndjson"

Key = Annotated[
    str, HeaderParameter(name="Idempotency-Key", description="Asking again with the same key does it once.")
]
AnyRequest = Request[Any, Any, Any]


class AskedFor(Struct, frozen=True):
    """The ids of the jobs, or of those that keep them out, in the order in which they were asked for."""

    ids: list[UUID]


class SeenJob(Struct, frozen=True, kw_only=True, rename="camel"):
    """A job as `Job` in the graph."""

    id: UUID
    kind: str
    queue: str
    priority: str
    state: str
    attempt: int
    max_attempts: int
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: float | None
    note: str | None
    error: str | None
    cancel_requested: bool
    workflow_id: UUID | None
    step: str | None
    arguments: Any
    result: Any


_JOB: Any = msgspec.json.schema(AskedJob)["$defs"][AskedJob.__name__]
_JOBS = Schema(type=OpenAPIType.STRING, description="Such an object in each line.")


@dataclass
class _TakesJobs(Operation):
    def __post_init__(self) -> None:
        content = {JSON: OpenAPIMediaType(schema=_JOB), NDJSON: OpenAPIMediaType(schema=_JOBS)}
        self.request_body = RequestBody(content=content, required=True)


def routes(jobs: JobBook, live: Live) -> list[HTTPRouteHandler]:
    """The route handlers over `jobs`; `live` tells of what becomes of jobs."""

    @post(
        "/jobs",
        summary="Ask for a job, or by NDJSON for all of a batch or none",
        operation_class=_TakesJobs,
        responses=refusals(400, 401, 413, 415, 422),
    )
    async def ask(request: AnyRequest, key: Key) -> AskedFor:
        caller = await _caller(request)
        asked = _jobs(request.content_type[0], await request.body())
        ids = await jobs.enqueue(
            [request_of(jobs, caller, each) for each in asked],
            scope=f"POST /jobs:{caller.subject}",
            idempotency_key=key,
            fingerprint=fingerprint(msgspec.to_builtins(asked)),
        )
        return AskedFor(ids)

    @get("/jobs/{job_id:uuid}", summary="What has come of a job", responses=refusals(400, 401, 404))
    async def look(request: AnyRequest, job_id: FromPath[UUID]) -> SeenJob:
        return _seen(await _find(jobs, await _caller(request), job_id))

    @get(
        "/jobs/{job_id:uuid}/events",
        summary="The job as it is and becomes, as events `next`, until it has ended",
        media_type=EVENT_STREAM,
        responses=refusals(400, 401, 404),
    )
    async def follow(request: AnyRequest, job_id: FromPath[UUID]) -> ASGIApp:
        caller = await _caller(request)
        job = await _find(jobs, caller, job_id)

        async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
            await EventStream(_becoming(jobs, live, job), lifetime(caller)).send(receive, send)

        return answer

    return [ask, look, follow]


async def _find(jobs: JobBook, caller: Caller, job_id: UUID) -> Job:
    job = (await jobs.find_jobs([job_id])).get(job_id)
    if job is None or not may_see(caller, job):
        raise NotFoundException("You have no such job")
    return job


async def _becoming(jobs: JobBook, live: Live, job: Job) -> AsyncGenerator[bytes, None]:
    changes = live.watch(QUEUE, [job.queue], lambda: jobs.find_jobs([job.id]))
    async with aclosing(changes):
        async for found in changes:
            if job.id not in found:
                return
            yield msgspec.json.encode(_seen(found[job.id]))
            if found[job.id].state in FINAL:
                return


async def _caller(request: AnyRequest) -> Caller:
    caller: Caller | None = await request.app.state.verifier.authenticate(
        request.headers.get("authorization")
    )
    if caller is None:
        raise UnauthenticatedError
    return caller


def _jobs(content_type: str, body: bytes) -> list[AskedJob]:
    if content_type not in {JSON, NDJSON}:
        raise ClientException(
            f"A job is {JSON}, a batch {NDJSON}", status_code=HTTP_415_UNSUPPORTED_MEDIA_TYPE
        )
    lines = [body] if content_type == JSON else [line for line in body.split(b"\n") if line.strip()]
    if not lines:
        raise InvalidInputError("jobs", "are none")
    return [_job(number, line) for number, line in enumerate(lines, 1)]


def _job(number: int, line: bytes) -> AskedJob:
    try:
        return msgspec.json.decode(line, type=AskedJob)
    except msgspec.MsgspecError as error:
        raise InvalidInputError(f"job {number}", f"cannot be read: {error}") from None


def _seen(job: Job) -> SeenJob:
    values = {name: getattr(job, name) for name in SeenJob.__struct_fields__}
    values |= {"priority": job.priority.name, "state": job.state.name}
    values["arguments"] = msgspec.json.decode(job.arguments)
    values["result"] = None if job.result is None else msgspec.json.decode(job.result)
    return SeenJob(**values)
