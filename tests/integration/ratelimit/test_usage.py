"""What was decided is counted over all processes, once, and seen by who runs a door."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import pytest
from msgspec.structs import replace

from common.app import ServiceRequest, running
from common.auth import Caller
from common.database import Database
from common.errors import ForbiddenError
from common.http import open_transport
from common.inputs import InvalidInputError
from common.live import Live
from subgraphs.ratelimit.access import CHECK_SCOPE
from subgraphs.ratelimit.api import Context, schema
from subgraphs.ratelimit.app import service as description
from subgraphs.ratelimit.domain.matching import Limits, PolicySet
from subgraphs.ratelimit.domain.rules import Algorithm, Rule
from subgraphs.ratelimit.engine.outcome import Outcome
from subgraphs.ratelimit.policies import Policies
from subgraphs.ratelimit.service.policies import PolicyBook
from subgraphs.ratelimit.service.usage import Usage
from tests.integration.ratelimit.test_engine import limit

HOUR = {"algorithm": "SLIDING_LOG", "period": 3_600, "by": ["user"]}
USAGE = """{ rateLimitNamespaces { policies { name
  usage { allowed denied shadowDenied tokens } topConsumers { identity tokens } } } }"""
DENIALS = """subscription { rateLimitDenials(namespace: "shop") { identity cost waitSeconds times policy { name } } }"""
COUNTS = ("allowed", "denied", "shadowDenied", "tokens")


@pytest.fixture
async def database(environment: Mapping[str, str]) -> AsyncIterator[Database]:
    database = Database.open(environment["DATABASE_URL"], schema="ratelimit")
    yield database
    await database.close()


async def policies_of(service: Any, scope: str = CHECK_SCOPE) -> dict[str, Any]:
    (namespace,) = (await service.ask(USAGE, scope=scope))["data"]["rateLimitNamespaces"]
    return {policy["name"]: policy for policy in namespace["policies"]}


async def test_decisions_are_counted_by_minute_and_consumer(service: Any) -> None:
    await service.put("two", **HOUR, limit=2)
    await service.put("shadow", **HOUR, limit=1, isShadow=True)
    checks = [{"namespace": "shop", "descriptor": {"user": user}} for user in ("ada", "ada", "ada", "bob")]
    await service.call("/v1/limits:checkMany", checks=checks)
    await service.call("/v1/limits:reserve", namespace="shop", descriptor={"user": "cy"}, cost=2)

    async with asyncio.timeout(60):
        while not (found := await policies_of(service))["two"]["usage"]:  # noqa: ASYNC110 - the next writing is waited for
            await asyncio.sleep(0.1)
    sums = {name: [sum(each[key] for each in found[name]["usage"]) for key in COUNTS] for name in found}
    assert sums == {"two": [4, 1, 0, 5], "shadow": [2, 0, 2, 2]}
    assert [each["identity"] for each in found["two"]["topConsumers"]] == ["ada", "cy", "bob"]


async def test_only_who_runs_a_door_sees_whom_its_limits_are_about(service: Any) -> None:
    await service.put("two", **HOUR, limit=2)
    answer = await service.ask(USAGE, scope="graph")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"UNAUTHORIZED"}


LOG = Rule(algorithm=Algorithm.SLIDING_LOG, limit=9, period=60)


async def test_what_is_written_again_counts_once_and_processes_are_added_up(database: Database) -> None:
    asked = limit(LOG, "log")
    one, other = Usage(database), Usage(database)
    for usage in (one, other, one):
        usage.count(Limits([asked]), Outcome([], []), 2)
        await usage.write()
    for count in one._tally.counts.values():
        count.written = 0  # as after a writing of which it is not known whether it was
    await one.write()
    (minutes,) = (await one.of_policies([asked.policy.id], 60)).values()
    assert [sum(each.allowed for each in minutes), sum(each.tokens for each in minutes)] == [3, 6]


async def test_whatever_clients_make_up_is_written(database: Database) -> None:
    policy = replace(limit(LOG, "log").policy, by=("user", "client"))
    policies, usage = PolicySet([policy.namespace], [policy], []), Usage(database)
    for user in ("a\0b", "a\ufffdb", "\u202e", "🏊" * 256, "🏊" * 255 + "!"):
        limits = policies.limits(policy.namespace, {"user": user, "client": "x" * 256})
        usage.count(limits, Outcome([], []), 1)
        usage.count(limits, Outcome([], [], limits.each[0], 1), 1)
    await usage.write()
    (consumers,) = (await usage.top_consumers([policy.id], 50)).values()
    assert [each.tokens for each in consumers] == [2, 1, 1, 1]
    assert len(await usage.denials(policy.namespace)) == 4
    with pytest.raises(InvalidInputError):
        policies.limits(policy.namespace, {"user": "\ud800"})


async def test_a_process_that_stops_writes_what_it_counted_last(
    service: Any, environment: Mapping[str, str]
) -> None:
    await service.put("two", **HOUR, limit=2)
    other = description.create_app(environment)
    other.state.apps = {"issuer": service.issuer}
    async with running(other):
        near, service.doors = service.doors, open_transport("app://other", apps={"other": other})
        assert await service.admitted(3, user="ada") == 2
        await service.doors.close()
    service.doors = near
    minutes = (await policies_of(service))["two"]["usage"]
    assert sum(each["allowed"] for each in minutes) == 2


async def denials(database: Database, live: Live, *scopes: str) -> AsyncIterator[Any]:
    """What a caller of such scopes sees of the namespace's denials."""
    book = PolicyBook(database, Policies(database, lambda: None))
    request = ServiceRequest(Caller("someone", frozenset(scopes), {}), None)
    context = Context.of(request, None, book, Usage(database), live)  # type: ignore[arg-type]  # decides nothing
    source: Any = await schema.subscribe(DENIALS, context_value=context)
    async with aclosing(source):
        async for result in source:
            yield result


async def test_denials_are_seen_as_they_happen(service: Any, database: Database, nats_url: str) -> None:
    await service.put("two", **HOUR, limit=2)
    live = Live(nats_url, description.name)
    async with asyncio.timeout(60), live.running(), aclosing(denials(database, live, CHECK_SCOPE)) as seen:
        first = asyncio.ensure_future(anext(seen))
        while not first.done():
            await service.check(cost=3, user="ada")  # the first of which may be before anyone looks
            await asyncio.sleep(0.2)
        denial = first.result().data["rateLimitDenials"]
    assert (denial["identity"], denial["cost"], denial["policy"]) == ("ada", 3, {"name": "two"})
    assert denial["waitSeconds"] is None
    assert denial["times"] > 0


async def test_nobody_else_sees_denials(database: Database, nats_url: str) -> None:
    live = Live(nats_url, description.name)
    async with asyncio.timeout(30), aclosing(denials(database, live, "graph")) as seen:
        (error,) = (await anext(seen)).errors
    assert isinstance(error.original_error, ForbiddenError)
