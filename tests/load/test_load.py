"""A small share of what `python -m tests.load` does at length."""

from pathlib import Path

import pytest

from tests.load.scenarios import reloads, stop, valkey


async def test_no_request_fails_while_other_supergraphs_are_taken(tmp_path: Path) -> None:
    outcome = await reloads(tmp_path, count=3, clients=4, seed=1)
    assert not outcome.figures.failures, outcome.words
    assert outcome.figures.answered


@pytest.mark.parametrize("workers", [1, 2])
async def test_no_request_fails_when_the_router_is_told_to_stop(tmp_path: Path, workers: int) -> None:
    outcome = await stop(tmp_path, workers=workers, clients=4, seconds=0.5, seed=1)
    assert not outcome.figures.failures, outcome.words
    assert outcome.figures.refused == 4


async def test_no_request_fails_when_valkey_is_killed_and_hangs(tmp_path: Path) -> None:
    outcome = await valkey(tmp_path, count=1, clients=4, seed=1)
    assert not outcome.figures.failures, outcome.words
    assert outcome.figures.answered
