"""A plan tells how many were built to find it, and whether a budget ended the search."""

from gateway.planning import Planner
from gateway.planning.plan import Effort
from gateway.planning.search import PLANS_BUDGET
from gateway.server.config import LOCAL
from gateway.server.metrics import Metrics
from gateway.server.operation import Preparation
from gateway.supergraph import Supergraph

LEVELS = 5


def supergraph(subgraphs: int) -> Supergraph:
    """Entities of which every subgraph has every field but one: all ways stand open at each level."""
    graphs = " ".join(f'G{n} @join__graph(name: "g{n}", url: "")' for n in range(subgraphs))
    joins = " ".join(f'@join__type(graph: G{n}, key: "id")' for n in range(subgraphs))
    types = [
        f"type T{level} {joins} {{ id: ID! next: T{level + 1} own: Int @join__field(graph: G{subgraphs - 1 - level % subgraphs}) }}"
        for level in range(LEVELS)
    ]
    return Supergraph.from_sdl(
        """schema @link(url: "https://specs.apollo.dev/link/v1.0")
          @link(url: "https://specs.apollo.dev/join/v0.4", for: EXECUTION) { query: Query }"""
        f"enum join__Graph {{ {graphs} }} type Query @join__type(graph: G0) {{ t: T0 }} "
        f"{' '.join(types)} type T{LEVELS} {joins} {{ id: ID! v: Int }}"
    )


OPERATION = "{ t " + "{ own next " * LEVELS + "{ v }" + "}" * LEVELS + "}"


def test_where_there_is_nothing_to_choose_one_plan_is_built() -> None:
    assert Planner(supergraph(1)).plan(OPERATION).effort == Effort(1)


def test_a_search_that_ends_by_itself_is_not_cut() -> None:
    effort = Planner(supergraph(3)).plan("{ t { own next { own } } }").effort
    assert 1 < effort.plans < PLANS_BUDGET
    assert not effort.is_cut


def test_a_search_that_a_budget_ends_is_cut_and_has_a_plan() -> None:
    plan = Planner(supergraph(30)).plan(OPERATION)
    assert plan.effort == Effort(PLANS_BUDGET, is_cut=True)
    assert plan.node is not None


async def test_metrics_tell_of_searches_that_a_budget_ended() -> None:
    for subgraphs, budget in ((1, "kept"), (30, "spent")):
        metrics = Metrics()
        preparation = Preparation(supergraph(subgraphs), LOCAL, metrics)
        await preparation.plan(await preparation.read(OPERATION, None))
        preparation.close()
        name = "apollo_router_query_planning_plan_evaluated_plans"
        assert metrics.registry.get_sample_value(f"{name}_count", {"budget": budget}) == 1
        assert metrics.registry.get_sample_value(f"{name}_sum", {"budget": budget}) in (1, PLANS_BUDGET)
