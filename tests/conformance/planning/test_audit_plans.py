"""Every operation of the audit suites is planned, but those that the API schema refuses."""

from typing import Any

import pytest

from gateway.planning import OperationError, Planner
from gateway.supergraph import Supergraph

REFUSED = {("input-object-intersection", 1), ("input-object-intersection", 2), ("simple-inaccessible", 2)}


def test_each_operation_of_the_audit_suites_has_a_plan(audit_suites: list[dict[str, Any]]) -> None:
    for suite in audit_suites:
        planner = Planner(Supergraph.from_sdl(suite["supergraph"]))
        for number, test in enumerate(suite["tests"]):
            if (suite["suite"], number) not in REFUSED:
                plan = planner.plan(test["query"])
                assert plan.fetch_count > 0
                assert str(plan).startswith("QueryPlan {")


def test_operations_that_select_what_clients_may_not_see_are_refused(
    audit_suites: list[dict[str, Any]],
) -> None:
    suites = {suite["suite"]: suite for suite in audit_suites}
    for name, number in REFUSED:
        planner = Planner(Supergraph.from_sdl(suites[name]["supergraph"]))
        with pytest.raises(OperationError) as caught:
            planner.plan(suites[name]["tests"][number]["query"])
        assert caught.value.code == "GRAPHQL_VALIDATION_FAILED"
