"""Guarantees 19 to 21 of tenants' README, in the database: terms are kept, months are closed once, and credits are used once."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from common.leases import Lease
from subgraphs.tenants.domain.billing import GRACE
from subgraphs.tenants.domain.months import Month
from subgraphs.tenants.domain.plans import Overage, Plan, Price
from subgraphs.tenants.store import terms
from tests.integration.tenants.conftest import Hall
from tests.integration.tenants.test_data_planes import HOUR, take, usage

LINE = "kind month plan since until price { amount } unit requests allowance overage amount { amount }"
STATEMENT = f"""month closedAt subtotal {{ amount currency }} total {{ amount currency }}
    lines {{ {LINE} }} credits {{ creditId amount {{ amount }} }}"""
ONE = f"query ($id: ID!, $month: String!) {{ tenant(id: $id) {{ statement(month: $month) {{ {STATEMENT} }} }} }}"
CLOSED = f"""query ($id: ID!, $first: Int! = 12, $after: String) {{ tenant(id: $id) {{
    statements(first: $first, after: $after) {{ {STATEMENT} }} }} }}"""
GRANT = """mutation ($tenant: ID!, $amount: Int! = 500, $reason: String! = "sorry", $key: String! = "k", $until: DateTime) {
  grantCredits(tenantId: $tenant, amount: $amount, reason: $reason, expiresAt: $until, idempotencyKey: $key) {
    __typename ... on TenantCredit { id amount { amount currency } remaining { amount } reason expiresAt }
    ... on InvalidInput { field } ... on IdempotencyKeyReused { code } } }"""
CREDITS = "query ($id: ID!) { tenant(id: $id) { credits { id reason remaining { amount } } } }"
TERMS = """query ($id: ID!) { tenant(id: $id) { terms {
    plan since price { amount } included overagePrice { amount } overageUnit } } }"""
SET_PLAN = """mutation ($tenant: ID!, $plan: ID!) { setPlan(tenantId: $tenant, plan: $plan) {
    __typename ... on TenantConflict { code } } }"""
ADMIN = ("root", "tenants:admin")


def plan(name: str = "kontor", **changed: Any) -> Plan:
    members = {
        "title": name.title(),
        "price": Price(3_000, "EUR"),
        "quota": 1_000,
        "included": 100,
        "overage": Overage(5, 10),
        **dict.fromkeys(("rate", "burst", "concurrency", "keys", "members", "routes"), 10),
    }
    return Plan(name=name, **{**members, **changed})


async def put(hall: Hall, tenant: str, wanted: Plan) -> str:
    await hall.use.tenants.put_plan(wanted)
    answer = await hall.get(SET_PLAN, *ADMIN, tenant=tenant, plan=wanted.name)
    return str(answer.get("code", ""))


async def now(hall: Hall) -> datetime:
    async with hall.database.transaction() as transaction:
        moment: datetime = (await transaction.execute("SELECT now()")).scalar_one()
    return moment


async def since(hall: Hall, tenant: str, moment: datetime) -> None:
    """Let the tenant's terms of today have been its only ones since then."""
    async with hall.database.transaction() as transaction:
        id_ = {"tenant": UUID(tenant)}
        current = "SELECT max(since) FROM terms WHERE tenant_id = :tenant"
        await transaction.execute(f"DELETE FROM terms WHERE tenant_id = :tenant AND since < ({current})", id_)
        update = "UPDATE terms SET since = :since WHERE tenant_id = :tenant"
        await transaction.execute(update, {**id_, "since": moment})


async def over(hall: Hall) -> Month:
    """The last month that is over and done with."""
    return Month.of(await now(hall) - GRACE).plus(-1)


async def seller(hall: Hall, slug: str = "bergen", months: int = 1) -> tuple[str, Month]:
    """A tenant on the plan kontor since the first of so many months that are to be closed, and that month."""
    tenant = await hall.create(slug)
    assert await put(hall, tenant, plan()) == ""
    first = (await over(hall)).plus(1 - months)
    await since(hall, tenant, first.start)
    return tenant, first


async def use(hall: Hall, tenant: str, month: Month, requests: int, consumer: str = "shop") -> None:
    hour = int(month.start.timestamp()) // HOUR + 30
    await take(hall, usage(tenant, hour=hour, requests=requests, consumer=consumer))


async def close_all(hall: Hall, tenant: str) -> None:
    while await hall.use.billing.close(UUID(tenant)):
        pass


async def one(hall: Hall, tenant: str, month: object, user: str = "ada") -> Any:
    return (await hall.get(ONE, user, id=tenant, month=str(month)))["statement"]


def amounts(statement: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(line["kind"], line["amount"]["amount"]) for line in statement["lines"]]


async def test_an_open_month_is_shown_as_things_stand(hall: Hall) -> None:
    bergen, visby = await hall.create("bergen"), await hall.create("visby")
    month = Month.of(await now(hall))
    await put(hall, bergen, plan())
    await since(hall, bergen, month.start)
    await use(hall, bergen, month, 250)
    await hall.get(GRANT, *ADMIN, tenant=bergen)
    shown = await one(hall, bergen, month)
    assert (shown["closedAt"], amounts(shown)) == (None, [("PLAN", 3_000), ("USAGE", 75)])
    assert (shown["subtotal"], shown["total"]) == (
        {"amount": 3_075, "currency": "EUR"},
        {"amount": 2_575, "currency": "EUR"},
    )
    (_, line) = shown["lines"]
    assert (line["requests"], line["allowance"], line["overage"], line["unit"]) == (250, 100, 150, 10)
    assert (line["price"], line["plan"], line["month"]) == ({"amount": 5}, "kontor", str(month))
    assert (await hall.get(CREDITS, id=bergen))["credits"][0]["remaining"] == {"amount": 500}
    assert (await one(hall, visby, month))["total"] == {"amount": 0, "currency": "EUR"}
    for none in (month.plus(1), month.plus(-1)):
        assert await one(hall, bergen, none) is None


async def test_a_closed_month_never_changes(hall: Hall) -> None:
    bergen, month = await seller(hall)
    await use(hall, bergen, month, 250)
    preview = await one(hall, bergen, month)
    await close_all(hall, bergen)
    closed = await one(hall, bergen, month)
    assert closed["closedAt"]
    assert closed | {"closedAt": None} == preview
    await use(hall, bergen, month, 1_000)
    await hall.get(GRANT, *ADMIN, tenant=bergen)
    await put(hall, bergen, plan(price=Price(9_999, "EUR")))
    await close_all(hall, bergen)
    assert await one(hall, bergen, month) == closed
    assert (await hall.get(CLOSED, id=bergen))["statements"] == [closed]


async def test_usage_that_comes_late_is_a_line_of_the_next_statement(hall: Hall) -> None:
    bergen, first = await seller(hall, months=2)
    await use(hall, bergen, first, 90)
    await hall.use.billing.close(UUID(bergen))
    await use(hall, bergen, first, 25, "app")
    assert [line["kind"] for line in (await one(hall, bergen, first.plus(1)))["lines"]] == [
        "PLAN",
        "USAGE",
        "LATE_USAGE",
    ]
    await close_all(hall, bergen)
    later = await one(hall, bergen, first.plus(1))
    assert amounts(later) == [("PLAN", 3_000), ("USAGE", 0), ("LATE_USAGE", 7)]
    late = later["lines"][2]
    assert (late["month"], late["requests"], late["overage"]) == (str(first), 25, 15)
    assert amounts(await one(hall, bergen, first.plus(2))) == [("PLAN", 3_000), ("USAGE", 0)]


async def test_a_plan_that_is_edited_costs_those_that_have_it_what_it_did(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await put(hall, bergen, plan())
    await hall.use.tenants.put_plan(plan(price=Price(8_000, "EUR"), included=7, overage=Overage(1, 1)))
    told = (await hall.get(TERMS, id=bergen))["terms"]
    assert [(each["plan"], each["price"]["amount"]) for each in told] == [("kontor", 3_000), ("free", 0)]
    assert (told[0]["included"], told[0]["overagePrice"], told[0]["overageUnit"]) == (100, {"amount": 5}, 10)
    await hall.get(SET_PLAN, *ADMIN, tenant=bergen, plan="kontor")
    again = (await hall.get(TERMS, id=bergen))["terms"]
    assert (again[0]["price"], again[1:]) == ({"amount": 8_000}, told)
    await hall.get(SET_PLAN, *ADMIN, tenant=bergen, plan="kontor")
    assert (await hall.get(TERMS, id=bergen))["terms"] == again, "the same terms are no change"


async def test_terms_begin_one_after_the_other_and_in_no_closed_month(hall: Hall) -> None:
    """Though the database's clock goes back: whoever was billed for a month is billed for it once."""
    bergen, month = await seller(hall)
    await close_all(hall, bergen)
    ahead = await now(hall) + timedelta(days=400)
    async with hall.database.transaction() as transaction:
        closed = {"tenant": UUID(bergen), "month": Month.of(ahead).day}
        await transaction.execute(
            "INSERT INTO statement (tenant_id, month, currency) VALUES (:tenant, :month, 'EUR')", closed
        )
    async with hall.tenancy.transaction(UUID(bergen)) as transaction:
        for _ in range(2):
            await terms.add_terms(transaction, UUID(bergen), plan())
        held = await terms.all_terms(transaction)
    assert [each.since for each in held] == [
        month.start,
        Month.of(ahead).end,
        Month.of(ahead).end + timedelta(microseconds=1),
    ]


async def test_a_tenant_is_billed_in_one_currency(hall: Hall) -> None:
    bergen, visby = await hall.create("bergen"), await hall.create("visby")
    dollars = plan("dollars", price=Price(1, "USD"))
    assert await put(hall, bergen, dollars) == "", "nothing that it had was priced"
    assert await put(hall, bergen, plan()) == "CURRENCY"
    granted = await hall.get(GRANT, *ADMIN, tenant=bergen)
    assert granted["amount"] == {"amount": 500, "currency": "USD"}
    assert (await one(hall, bergen, Month.of(await now(hall))))["total"]["currency"] == "USD"
    await hall.get(GRANT, *ADMIN, tenant=visby)
    assert await put(hall, visby, dollars) == "CURRENCY", "its credit is in euros"


async def test_a_month_is_closed_once_by_however_many(hall: Hall) -> None:
    bergen, _ = await seller(hall, months=3)
    await hall.get(GRANT, *ADMIN, tenant=bergen, amount=4_000)
    closed = await asyncio.gather(*(hall.use.billing.close(UUID(bergen)) for _ in range(6)))
    assert sum(each is not None for each in closed) == 3
    statements = (await hall.get(CLOSED, id=bergen))["statements"]
    assert [each["total"]["amount"] for each in statements] == [3_000, 2_000, 0]
    (credit,) = (await hall.get(CREDITS, id=bergen))["credits"]
    assert credit["remaining"] == {"amount": 0}


async def test_credits_and_plans_that_come_while_a_month_is_closed_count_for_it_or_for_the_next(
    hall: Hall,
) -> None:
    bergen, first = await seller(hall, months=2)
    grants = [hall.get(GRANT, *ADMIN, tenant=bergen, key=str(number)) for number in range(4)]
    changes = [put(hall, bergen, plan("other", price=Price(100, "EUR")))]
    closings = [hall.use.billing.close(UUID(bergen)) for _ in range(3)]
    await asyncio.gather(*grants, *changes, *closings)
    used = [
        applied["amount"]["amount"]
        for statement in (await hall.get(CLOSED, id=bergen))["statements"]
        for applied in statement["credits"]
    ]
    left = [each["remaining"]["amount"] for each in (await hall.get(CREDITS, id=bergen))["credits"]]
    assert sum(used) + sum(left) == 4 * 500
    assert min(left) >= 0
    for month in (first, first.plus(1)):
        assert amounts(await one(hall, bergen, month))[0] == ("PLAN", 3_000)


async def test_a_turn_closes_what_is_over_of_all_tenants(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    bergen, _ = await seller(hall)
    visby, _ = await seller(hall, "visby", months=2)
    young = await hall.create("young")
    broken, _ = await seller(hall, "broken")
    async with hall.database.transaction() as transaction:
        await transaction.execute("DELETE FROM terms WHERE tenant_id = :id", {"id": UUID(broken)})
        await transaction.execute(
            """INSERT INTO terms SELECT id, '-infinity', 'free', 0, 'EUR', 0, 0, 1 FROM tenant WHERE id = :id""",
            {"id": UUID(broken)},
        )
    monkeypatch.setattr("subgraphs.tenants.service.billing.INTERVAL", 0)
    for _ in range(3):
        await hall.use.billing.turn(Lease("billing", 1, timedelta(minutes=1)))
    counts = [len((await hall.get(CLOSED, id=each))["statements"]) for each in (bergen, visby, young)]
    assert counts == [1, 2, 0]
    actions = "query ($id: ID!) { tenant(id: $id) { audit { actor action detail } } }"
    newest = (await hall.get(actions, id=bergen))["audit"][0]
    assert (newest["actor"], newest["action"]) == ("platform", "statement.close")
    assert newest["detail"] == {"total": 3_000, "currency": "EUR"}


async def test_statements_come_in_pages(hall: Hall) -> None:
    bergen, first = await seller(hall, months=3)
    await close_all(hall, bergen)
    page = (await hall.get(CLOSED, id=bergen, first=2))["statements"]
    assert [each["month"] for each in page] == [str(first.plus(2)), str(first.plus(1))]
    rest = (await hall.get(CLOSED, id=bergen, after=page[-1]["month"]))["statements"]
    assert [each["month"] for each in rest] == [str(first)]
    answer = await hall.ask(CLOSED, id=bergen, after="soon")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID_INPUT"]


async def test_administrators_see_the_money(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await hall.join(bergen, "bob", "DEVELOPER")
    await hall.join(bergen, "cis", "ADMIN")
    month = str(Month.of(await now(hall)))
    for query, given in ((ONE, {"month": month}), (CLOSED, {}), (TERMS, {}), (CREDITS, {})):
        answer = await hall.ask(query, "bob", id=bergen, **given)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHORIZED"]
        await hall.get(query, "cis", id=bergen, **given)
    assert await hall.refused(GRANT, tenant=bergen) == ["UNAUTHORIZED"]


async def test_a_grant_is_one_a_key_of_idempotency(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    granted = await asyncio.gather(*(hall.get(GRANT, *ADMIN, tenant=bergen) for _ in range(4)))
    assert len({json.dumps(each) for each in granted}) == 1
    reused = await hall.get(GRANT, *ADMIN, tenant=bergen, amount=501)
    assert reused == {"__typename": "IdempotencyKeyReused", "code": "IDEMPOTENCY_KEY_REUSED"}
    assert len((await hall.get(CREDITS, id=bergen))["credits"]) == 1
    nobody = await hall.refused(GRANT, *ADMIN, tenant=str(uuid.uuid4()))
    assert nobody == ["TENANT_NOT_FOUND"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"reason": " "}, "reason"),
        ({"reason": "a\nb"}, "reason"),
        ({"key": ""}, "idempotencyKey"),
        ({"until": datetime(2020, 1, 1, tzinfo=UTC).isoformat()}, "expiresAt"),
    ],
)
async def test_a_credit_that_cannot_be_is_refused(hall: Hall, wrong: dict[str, Any], field: str) -> None:
    bergen = await hall.create("bergen")
    refused = await hall.get(GRANT, *ADMIN, tenant=bergen, **wrong)
    assert refused == {"__typename": "InvalidInput", "field": field}
    assert (await hall.get(CREDITS, id=bergen))["credits"] == []
