import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from common.app import running
from common.demo import DEMO_USERS
from common.http import open_transport
from subgraphs.ratelimit.app import service as description
from tests.integration.ratelimit.conftest import PUT

HOUR = {"algorithm": "TOKEN_BUCKET", "limit": 10, "period": 3_600, "burst": 2, "by": ["user"]}
OVERRIDE = """mutation ($input: RateLimitOverrideInput!) { setRateLimitOverride(input: $input) { __typename
  ... on RateLimitOverride { id limit } ... on InvalidInput { field } } }"""
READ = """{ rateLimitNamespaces { name policies { name by when { name value } limit calendar timeZone failMode
  overrides { pattern limit burst } namespace { name } } } }"""

TABLES = {"policy", "namespace", "override"}


async def test_a_policy_that_is_written_down_is_in_force_and_is_read(service: Any) -> None:
    when = [{"name": "operation", "value": "check*"}]
    await service.put("b", **HOUR, when=when, failMode="CLOSED")
    await service.put("a", algorithm="FIXED_WINDOW", limit=9, calendar="MONTH", timeZone="Asia/Tokyo")
    (namespace,) = (await service.ask(READ, scope="graph"))["data"]["rateLimitNamespaces"]
    assert namespace["name"] == "shop"
    first, second = namespace["policies"]
    assert (first["calendar"], first["timeZone"], first["failMode"]) == ("MONTH", "Asia/Tokyo", "LOCAL")
    assert (second["by"], second["when"], second["failMode"]) == (["user"], when, "CLOSED")
    assert second["namespace"] == {"name": "shop"}
    assert await service.admitted(4, user="ada", operation="checkout") == 2


async def test_a_policy_is_changed_in_its_place_and_what_was_taken_stays_taken(service: Any) -> None:
    """Guarantee 13."""
    made = await service.put("p", **HOUR)
    assert await service.admitted(4, user="ada") == 2
    changed = await service.put("p", **{**HOUR, "burst": 5})
    assert (changed["id"], changed["version"]) == (made["id"], 2)
    assert await service.admitted(9, user="ada") == 3


async def test_a_dry_run_writes_nothing(service: Any) -> None:
    answer = await service.ask(PUT, input={"namespace": "shop", "name": "p", **HOUR}, dryRun=True)
    assert answer["data"]["upsertRateLimitPolicy"]["limit"] == 10
    assert await service.admitted(4, user="ada") == 4


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "No such name"}, "name"),
        ({"limit": 0}, "limit"),
        ({"period": 0}, "period"),
        ({"limit": 1_000_003, "period": 86_400, "burst": 1_000_003}, "limit"),
        ({"algorithm": "SLIDING_LOG", "burst": 0, "limit": 1_001}, "limit"),
        ({"algorithm": "SLIDING_LOG"}, "burst"),
        ({"calendar": "DAY"}, "calendar"),
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"timeZone": "../../etc/passwd"}, "timeZone"),
        ({"by": ["user", "user"]}, "by"),
        ({"when": [{"name": "user", "value": "*****"}]}, "when"),
        ({"priority": 5_000}, "priority"),
    ],
)
async def test_what_is_wrong_with_a_policy_is_named(service: Any, change: dict[str, Any], field: str) -> None:
    answer = await service.ask(PUT, input={"namespace": "shop", "name": "p", **HOUR, **change})
    assert answer["data"]["upsertRateLimitPolicy"]["field"] == field


async def test_an_algorithm_never_changes(service: Any) -> None:
    await service.put("p", **HOUR)
    other = {"namespace": "shop", "name": "p", "algorithm": "SLIDING_LOG", "limit": 5, "period": 60}
    answer = await service.ask(PUT, input=other)
    assert answer["data"]["upsertRateLimitPolicy"]["field"] == "algorithm"


async def test_a_namespace_that_does_not_exist_has_no_policies(service: Any) -> None:
    answer = await service.ask(PUT, input={"namespace": "elsewhere", "name": "p", **HOUR})
    assert answer["data"]["upsertRateLimitPolicy"]["__typename"] == "RateLimitPolicyNotFound"


async def test_overrides_apply_to_whom_they_name_the_closest_first(service: Any) -> None:
    policy = await service.put("p", **HOUR)
    for pattern, burst in (("*", 3), ("partner-*", 4), ("partner-1", 5), ("partner-1*", 6)):
        given = {"policyId": policy["id"], "pattern": pattern, "limit": 10, "burst": burst}
        assert (await service.ask(OVERRIDE, input=given))["data"]["setRateLimitOverride"]["limit"] == 10
    for user, burst in (("ada", 3), ("partner-2", 4), ("partner-1", 5), ("partner-17", 6)):
        assert await service.admitted(8, user=user) == burst
    wrong = {"policyId": policy["id"], "pattern": "x", "limit": 10}
    assert (await service.ask(OVERRIDE, input=wrong))["data"]["setRateLimitOverride"]["field"] == "burst"


async def test_an_override_ends_by_itself(service: Any) -> None:
    policy = await service.put("p", **HOUR)
    given = {"policyId": policy["id"], "pattern": "ada", "limit": 10, "burst": 2_000}
    await service.ask(OVERRIDE, input={**given, "until": "2020-01-01T00:00:00Z"})
    assert await service.admitted(4, user="ada") == 2


async def test_another_process_learns_of_a_change(service: Any, environment: Any) -> None:
    other = description.create_app(environment)
    other.state.apps = {"issuer": service.issuer}
    async with running(other):
        policy = await service.put("late", **HOUR)
        doors = open_transport("app://other", apps={"other": other})
        near, service.doors = service.doors, doors
        async with asyncio.timeout(20):
            while "ratelimit" not in dict((await service.check(user="bob")).headers):  # noqa: ASYNC110 - another process is waited for
                await asyncio.sleep(0.1)
        service.doors = near
        await doors.close()
    removed = "mutation ($id: ID!) { removeRateLimitPolicy(id: $id) }"
    assert (await service.ask(removed, id=policy["id"]))["data"]["removeRateLimitPolicy"]
    assert await service.admitted(5, user="bob") == 5


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The SQL statements that have been run so far, what the service asks unasked among them."""
    seen: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    yield seen
    event.remove(Engine, "before_cursor_execute", record)


MUTATIONS = (
    'putRateLimitNamespace(name: "x") { id }',
    'promoteRateLimitShadow(id: "x") { __typename }',
    'removeRateLimitPolicy(id: "x")',
    'removeRateLimitOverride(id: "x")',
    'resetRateLimits(namespace: "shop", attributes: []) { limit }',
    'setRateLimitOverride(input: {policyId: "x", pattern: "x", limit: 1}) { __typename }',
    'upsertRateLimitPolicy(input: {namespace: "shop", name: "x", algorithm: CONCURRENCY, limit: 1}) { __typename }',
)


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_only_the_scope_lets_one_write(service: Any, mutation: str) -> None:
    for user, code in (("ada", "UNAUTHORIZED"), (None, "UNAUTHENTICATED")):
        answer = await service.ask(f"mutation {{ {mutation} }}", scope="graph", user=user)
        assert answer["errors"][0]["extensions"]["code"] == code


async def test_everyone_sees_how_their_own_limits_stand_and_no_others(service: Any) -> None:
    await service.put("p", **HOUR)
    await service.check(user="ada")
    entities = """query ($of: [_Any!]!) { _entities(representations: $of) { ... on User {
      rateLimits(namespace: "shop") { policy { name } limit remaining waitSeconds held } } } }"""
    users = [{"__typename": "User", "id": user} for user in ("ada", "bob")]
    answer = await service.ask(entities, scope="graph", of=users)
    own, others = answer["data"]["_entities"]
    (state,) = own["rateLimits"]
    assert state == {"policy": {"name": "p"}, "limit": 2, "remaining": 1, "waitSeconds": 0, "held": 0}
    assert others["rateLimits"] is None
    state = """query ($who: String!) { rateLimitState(namespace: "shop", attributes: [{name: "user", value: $who}]) {
      remaining } }"""
    assert (await service.ask(state, scope="graph", who="ada"))["data"]["rateLimitState"] == [
        {"remaining": 1}
    ]
    refused = await service.ask(state, scope="graph", who="bob")
    assert refused["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
    assert (await service.ask(state, who="bob"))["data"]["rateLimitState"] == [{"remaining": 2}]


async def test_a_batch_is_a_statement(service: Any, statements: list[str]) -> None:
    """Guarantee 14."""
    made = [await service.put(name, **HOUR) for name in ("a", "b", "c")]
    for policy in made:
        given = {"policyId": policy["id"], "pattern": "x*", "limit": 10, "burst": 1}
        await service.ask(OVERRIDE, input=given)
    of = [{"__typename": "RateLimitPolicy", "id": policy["id"]} for policy in made]
    query = """query ($of: [_Any!]!) { _entities(representations: $of) { ... on RateLimitPolicy {
      name namespace { name } overrides { pattern } } } }"""
    statements.clear()
    answer = await service.ask(query, scope="graph", of=of)
    assert [entity["name"] for entity in answer["data"]["_entities"]] == ["a", "b", "c"]
    read = [each.split("FROM", 1)[-1].split()[0] for each in statements if " revision" not in each]
    assert sorted(each for each in read if each in TABLES) == sorted(TABLES)


async def test_demo_data_is_loaded_once(environment: Any, service: Any) -> None:
    for _ in range(2):
        await description.load_demo(environment)
    namespaces = (await service.ask(READ))["data"]["rateLimitNamespaces"]
    policies = {policy["name"]: policy for policy in namespaces[0]["policies"]}
    assert set(policies) == {"per-user", "per-client", "per-month", "exports", "strict"}
    assert policies["per-user"]["overrides"][0]["pattern"] == str(DEMO_USERS[0].id)


EXPLAIN = """query ($attributes: [RateLimitAttributeInput!]!) {
  explainRateLimits(namespace: "shop", attributes: $attributes) {
    policy { name } applies missing unmatched { name value } identity limit override { pattern } } }"""


async def test_why_a_policy_applies_or_not_is_explained(service: Any) -> None:
    mine = await service.put("mine", **HOUR, priority=5)
    await service.put("paid", **{**HOUR, "by": ["user", "plan"]})
    await service.put("export", **HOUR, when=[{"name": "operation", "value": "export*"}])
    put = {"policyId": mine["id"], "pattern": "a*", "limit": 10, "burst": 7}
    await service.ask(OVERRIDE, input=put)
    attributes = [{"name": "user", "value": "ada"}, {"name": "operation", "value": "read"}]
    answer = await service.ask(EXPLAIN, attributes=attributes)
    applying, export, paid = answer["data"]["explainRateLimits"]
    assert applying == {
        "policy": {"name": "mine"},
        "applies": True,
        "missing": [],
        "unmatched": [],
        "identity": "ada",
        "limit": 7,
        "override": {"pattern": "a*"},
    }
    assert (export["applies"], export["unmatched"]) == (False, [{"name": "operation", "value": "export*"}])
    assert (paid["applies"], paid["missing"], paid["identity"]) == (False, ["plan"], None)
    assert (await service.ask(EXPLAIN, scope="graph", attributes=attributes))["errors"]
