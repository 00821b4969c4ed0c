"""The npm package graphql-http audits the router as `hansa serve` runs it without a file."""

import json
from pathlib import Path

import pytest

from tests.conformance.javascript import install, run_beside_router

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def audit_script() -> Path:
    install(HERE)
    return HERE / "audit.mjs"


async def test_every_audit_is_passed(audit_script: Path) -> None:
    results = json.loads(await run_beside_router(audit_script))
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
