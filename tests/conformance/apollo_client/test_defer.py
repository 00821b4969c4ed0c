"""Apollo Client shows what the router defers, as it comes."""

import json
from pathlib import Path

import pytest

from tests.conformance.javascript import install, run_beside_router

HERE = Path(__file__).parent
OPERATION = "{ products { id name ... @defer { reviews { body } } } }"


@pytest.fixture(scope="session")
def script() -> Path:
    install(HERE)
    return HERE / "defer.mjs"


async def test_apollo_client_shows_the_first_part_and_then_the_whole(script: Path) -> None:
    output = await run_beside_router(script, OPERATION)
    first, *_, last = [state["data"]["products"] for state in json.loads(output)]
    assert [list(product) for product in first] == [["__typename", "id", "name"]] * 2
    assert [product["reviews"][0]["body"] for product in last] == ["Good Chair", "Good Table"]
