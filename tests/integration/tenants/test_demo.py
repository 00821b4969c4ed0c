from collections.abc import Mapping

from subgraphs.tenants.demo import TENANTS, load_demo
from subgraphs.tenants.domain.months import Month
from tests.integration.tenants.conftest import Hall
from tests.integration.tenants.test_billing import now
from tests.integration.tenants.test_data_planes import changes


async def test_demo_data_is_loaded_once(hall: Hall, environment: Mapping[str, str]) -> None:
    for _ in range(2):
        await load_demo({**environment, "HANSA_LISTEN": "127.0.0.1:4000"})
    told = await changes(hall)
    targets = {each["upstreams"]["router"]["targets"][0]["url"] for each in told["configurations"]}
    assert (len(told["configurations"]), targets) == (2, {"http://127.0.0.1:4000"})
    for demo in TENANTS:
        verified = await hall.call("/v1/keys:verify", key=demo.secret)
        assert (verified["code"], verified["keyId"]) == ("VALID", str(demo.key_id))
    await _has_a_statement(hall)
    before = told["sequence"]
    await load_demo(environment)
    assert (await changes(hall))["sequence"] == before


async def _has_a_statement(hall: Hall) -> None:
    owner = TENANTS[0].owner
    query = """query ($of: [_Any!]!, $month: String!) { _entities(representations: $of) { ... on User { tenants {
        statement(month: $month) { lines { plan } subtotal { amount } total { amount } credits { amount { amount } } } } } } }"""
    of = [{"__typename": "User", "id": owner}]
    (user,) = await hall.get(query, owner, of=of, month=str(Month.of(await now(hall))))
    (tenant,) = user["tenants"]
    statement = tenant["statement"]
    assert {line["plan"] for line in statement["lines"]} == {"free", "kontor"}
    credit = sum(each["amount"]["amount"] for each in statement["credits"])
    assert credit == min(1_000, statement["subtotal"]["amount"])
    assert statement["total"]["amount"] == statement["subtotal"]["amount"] - credit
