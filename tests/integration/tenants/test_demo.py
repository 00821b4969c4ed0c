from collections.abc import Mapping

from subgraphs.tenants.demo import TENANTS, load_demo
from tests.integration.tenants.conftest import Hall
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
    before = told["sequence"]
    await load_demo(environment)
    assert (await changes(hall))["sequence"] == before
