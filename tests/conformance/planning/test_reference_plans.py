"""Plans need no more requests and no longer a chain than those of the better reference planner."""

from pathlib import Path
from typing import Any

from gateway.planning import Planner
from gateway.supergraph import Supergraph

KNOWN_GAPS = Path(__file__).parent / "known_gaps.txt"


def is_as_good(case: dict[str, Any]) -> bool:
    known = [found for name in ("hive", "apollo") if (found := case[name]) and "fetches" in found]
    labels = frozenset(label for label, on in case["overrideConditions"] or () if on)
    plan = Planner(Supergraph.from_sdl(case["supergraph"])).plan(
        case["operation"], case["operationName"], labels
    )
    return plan.fetch_count <= min(found["fetches"] for found in known) and plan.depth <= min(
        found["depth"] for found in known
    )


def test_no_plan_is_worse_than_the_better_reference_plan(plan_cases: list[dict[str, Any]]) -> None:
    gaps = {line for line in KNOWN_GAPS.read_text().splitlines() if line and not line.startswith("#")}
    worse = {case["id"] for case in plan_cases if not is_as_good(case)}
    assert worse == gaps, "unexpected gaps, or listed ones that are closed"
