"""The pytest plugin. It is loaded by every session where Hansa is installed, so that it loads nothing before it is used."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gateway.testing.fake_subgraph import FakeSubgraph
    from gateway.testing.harness import Harness, MakeHarness


@pytest.fixture
def fake_subgraph() -> "type[FakeSubgraph]":
    """Makes a subgraph of an SDL and of what it answers."""
    from gateway.testing.fake_subgraph import FakeSubgraph  # noqa: PLC0415

    return FakeSubgraph


@pytest.fixture
def router() -> "Iterator[MakeHarness]":
    """Makes a router over subgraphs; it is closed after the test."""
    from gateway.testing.harness import make_harness  # noqa: PLC0415

    made: list[Harness] = []

    def make(*arguments: Any, **options: Any) -> "Harness":
        made.append(make_harness(*arguments, **options))
        return made[-1]

    yield make
    for harness in made:
        harness.close()


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """A plan that is not the expected one is shown as a difference of lines."""
    if op != "==" or "gateway.testing.plans" not in _homes(left, right):
        return None
    from gateway.testing.plans import Plan, difference  # noqa: PLC0415

    return difference(left, right) if isinstance(left, Plan) else difference(right, left)


def _homes(*values: object) -> set[str]:
    return {type(value).__module__ for value in values}
