"""The configuration of what one request may ask for, and of what it may cost."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from gateway.server.config.cache import PositiveInt

NonNegative = Annotated[float, Meta(ge=0)]


class RouterLimits(Struct, frozen=True):
    """The limits as newer routers of Apollo's write them, below `router`."""

    http_max_request_bytes: PositiveInt | None = None
    parser_max_tokens: PositiveInt | None = None
    parser_max_recursion: PositiveInt | None = None
    max_depth: PositiveInt | None = None
    max_height: PositiveInt | None = None
    max_aliases: PositiveInt | None = None
    max_root_fields: PositiveInt | None = None
    warn_only: bool | None = None


class Limits(Struct, frozen=True):
    """What one request may ask for.

    `parser_max_recursion` counts nested brackets of any kind in the document's text, `max_depth` nested fields
    through fragments. With `warn_only` an operation beyond one of the last four is told in the log and run.
    """

    http_max_request_bytes: PositiveInt = 2_000_000
    parser_max_tokens: PositiveInt = 15_000
    parser_max_recursion: PositiveInt = 150
    max_depth: PositiveInt = 100
    max_height: PositiveInt | None = None
    max_aliases: PositiveInt | None = None
    max_root_fields: PositiveInt | None = None
    warn_only: bool = False
    router: RouterLimits = RouterLimits()

    def in_force(self) -> "Limits":
        """The limits with those below `router` in their places."""
        given = {name: value for name, value in structs.asdict(self.router).items() if value is not None}
        return structs.replace(self, **given)


class SubgraphCost(Struct, frozen=True):
    """What one operation may ask of a subgraph, and how long lists in it are taken to be."""

    max: NonNegative | None = None
    list_size: PositiveInt | None = None


class SubgraphCosts(Struct, frozen=True):
    """For all subgraphs, and for each."""

    all: SubgraphCost = SubgraphCost()
    subgraphs: dict[str, SubgraphCost] = {}


class StaticEstimated(Struct, frozen=True):
    """What an operation may cost by its estimate, and how long a list is where `@listSize` does not say.

    What it has cost is counted of all subgraphs' answers, or of the final one.
    """

    list_size: PositiveInt
    max: NonNegative
    actual_cost_mode: Literal["by_subgraph", "by_response_shape"] = "by_subgraph"
    subgraph: SubgraphCosts = SubgraphCosts()

    def list_size_of(self, subgraph: str) -> int:
        """How long a list in `subgraph` is taken to be."""
        own = self.subgraph.subgraphs.get(subgraph, SubgraphCost()).list_size
        return own or self.subgraph.all.list_size or self.list_size

    def max_of(self, subgraph: str) -> float | None:
        """What one operation may cost in `subgraph`."""
        own = self.subgraph.subgraphs.get(subgraph, SubgraphCost()).max
        return self.subgraph.all.max if own is None else own


class CostStrategy(Struct, frozen=True):
    """How costs are found."""

    static_estimated: StaticEstimated


class DemandControl(Struct, frozen=True):
    """Whether operations are held to their estimated costs, or only measured."""

    strategy: CostStrategy
    enabled: bool = False
    mode: Literal["measure", "enforce"] = "measure"
