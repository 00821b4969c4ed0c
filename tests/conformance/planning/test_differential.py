"""Whatever a plan fetches from deterministic subgraphs equals what one schema over the same data answers."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conformance.planning.differential import Comparison, Share, composed_cases

SEED = 20
CASES_PER_FILE = 25
SHARE = Share(operations=4, seed=SEED)


async def test_audit_suites_answer_like_one_schema(
    mockgraph: ModuleType, audit_suites: list[dict[str, Any]]
) -> None:
    for suite in audit_suites:
        comparison = Comparison(mockgraph, suite["subgraphs"], suite["supergraph"])
        assert not await comparison.differences(SHARE), suite["suite"]


@pytest.mark.parametrize("name", ["hive", "cosmo", "grafbase"])
async def test_composed_cases_answer_like_one_schema(mockgraph: ModuleType, shared: Path, name: str) -> None:
    count = 0
    for identity, subgraphs, sdl in composed_cases(shared, name, CASES_PER_FILE, SEED):
        assert not await Comparison(mockgraph, subgraphs, sdl).differences(SHARE), identity
        count += 1
    assert count > CASES_PER_FILE // 2
