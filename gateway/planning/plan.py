"""What the planner gives and the executor runs: a query plan as immutable values.

The names are those of Apollo's QueryPlan notation. How a plan is found stands in the planner, how it is
printed in `printing`, how it is run in `gateway.execution`.
"""

from typing import Any, Literal, TypeAlias

from graphql import (
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
)
from msgspec import Struct

from gateway.planning.refusal import RefusedPath


class Key(Struct, frozen=True, tag=True):
    """A step of a path into the member `name` of each object; `name` is a response key."""

    name: str


class Each(Struct, frozen=True, tag=True):
    """A step of a path into every element of a list, written `@`. One for each level of nesting."""


class OfType(Struct, frozen=True, tag=True):
    """A step of a path that keeps only objects whose `__typename` is one of `types`, written `|[A,B]`."""

    types: tuple[str, ...]


PathStep: TypeAlias = Key | Each | OfType
Path: TypeAlias = tuple[PathStep, ...]


class RequiredField(Struct, frozen=True):
    """A member of a representation.

    `name` is its name in the representation, `source` the response key it is read from: they differ where
    the planner fetched it under an alias of its own. No `selections` for a leaf.
    """

    name: str
    source: str
    selections: "tuple[RequiredSelection, ...]" = ()


class RequiredFragment(Struct, frozen=True):
    """Members of a representation that only objects of `type_condition`'s possible types have."""

    type_condition: str
    possible_types: tuple[str, ...]
    selections: "tuple[RequiredSelection, ...]"


RequiredSelection: TypeAlias = RequiredField | RequiredFragment


class Representation(Struct, frozen=True):
    """How an object of one of `possible_types` becomes an entity representation (`_Any`).

    `typename` is sent as `__typename` instead of the object's own where the subgraph knows the object
    only as an interface object; None sends the object's own. An object that lacks a member which is
    selected here, or has null for a member of `non_null`, makes no representation and the entity's fields
    stay null.
    """

    type_condition: str
    possible_types: tuple[str, ...]
    selections: tuple[RequiredSelection, ...]
    typename: str | None = None
    non_null: tuple[str, ...] = ()


class KeyRenamer(Struct, frozen=True):
    """After a fetch, the member at the end of `path` (from the fetched object) is renamed to `rename_to`.

    Two types of one abstract position may give one response key in ways that no single request can hold;
    the planner then asks for one of them under an alias.
    """

    path: Path
    rename_to: str


class ContextArgument(Struct, frozen=True):
    """A variable of an entity fetch whose value is read, for each object, from an object above it (`@fromContext`).

    `variable` is declared in the document with the type `type` (as text), beside the client's variables. The
    first `depth` steps of the entity's path lead to the object that sets the context; from there the first of
    `sources` that leads to a value counts, null where none does. `Each` in a source gathers a list.
    """

    variable: str
    type: str
    depth: int
    sources: tuple[Path, ...]


class EntityFetch(Struct, frozen=True):
    """One `_entities` field of a request and the places in the response that it fills.

    The entities of all `paths` share one list of representations without duplicates, sent as `variable`
    and answered, in order, under the response key `alias`. With `context` there is one path, and objects
    that differ in those values need `_entities` fields of their own.
    """

    alias: str
    variable: str
    paths: tuple[Path, ...]
    representations: tuple[Representation, ...]
    renames: tuple[KeyRenamer, ...] = ()
    context: tuple[ContextArgument, ...] = ()


class Fetch(Struct, frozen=True, tag=True):
    """One request to one subgraph.

    `document` is the text that is sent. `variables` names those of the client's variables that it uses;
    the representations of `entities` come on top. Without `entities` the answer is merged into the objects at
    `path`: at the root, but for a root type that is reached again as a field (`type Mutation { query: Query }`).
    """

    id: int
    subgraph: str
    operation_kind: Literal["query", "mutation", "subscription"]
    document: str
    operation_name: str | None = None
    variables: tuple[str, ...] = ()
    entities: tuple[EntityFetch, ...] = ()
    renames: tuple[KeyRenamer, ...] = ()
    path: Path = ()


class Sequence(Struct, frozen=True, tag=True):
    """Nodes that run one after another."""

    nodes: "tuple[PlanNode, ...]"


class Parallel(Struct, frozen=True, tag=True):
    """Nodes that run at the same time."""

    nodes: "tuple[PlanNode, ...]"


class Condition(Struct, frozen=True, tag=True):
    """Nodes that run by the value of the boolean variable `variable`, from `@skip` and `@include`."""

    variable: str
    if_clause: "PlanNode | None" = None
    else_clause: "PlanNode | None" = None


class Subscription(Struct, frozen=True, tag=True):
    """A stream of events from one subgraph; only at the top of a plan.

    `primary` is the request that subscribes. Each event is an answer to it, which `rest` completes.
    """

    primary: Fetch
    rest: "PlanNode | None" = None


class Deferred(Struct, frozen=True):
    """A part of the answer that is delivered later (`@defer`).

    `fragment` is the operation's own node, at the objects that `path` leads to. `variable` is that of `if:`: where
    it is false the part belongs to the answer that it is deferred from. `parent` is the index of the part that it is
    nested in. `node` fetches what is not there yet, nothing where None; it waits for the fetches with the ids
    `depends`, and runs after the primary ones and those of its parent.
    """

    fragment: InlineFragmentNode | FragmentSpreadNode
    path: Path
    label: str | None
    variable: str | None
    parent: int | None
    node: "PlanNode | None"
    depends: tuple[int, ...] = ()


class Defer(Struct, frozen=True, tag=True):
    """What is answered at first, and the parts that are deferred; only at the top of a plan.

    A part comes after the one that it is nested in.
    """

    primary: "PlanNode | None"
    deferred: tuple[Deferred, ...]

    def at_once(self) -> "PlanNode":
        """What fetches everything for one answer."""
        nodes = (self.primary, *(part.node for part in self.deferred))
        return Sequence(tuple(node for node in nodes if node is not None))


PlanNode: TypeAlias = Fetch | Sequence | Parallel | Condition
TopNode: TypeAlias = PlanNode | Subscription | Defer
"""What a plan may be: some nodes stand only at its top."""


class Effort(Struct, frozen=True):
    """How many plans were built to find one; `is_cut` says that a budget ended the search before all were tried."""

    plans: int = 0
    is_cut: bool = False

    def beside(self, other: "Effort") -> "Effort":
        return Effort(self.plans + other.plans, self.is_cut or other.is_cut)


class QueryPlan(Struct, frozen=True):
    """The plan of one operation, for all values of its variables.

    `operation` and `fragments` are the client's, validated; the executor shapes the answer by them.
    `node` is None where no subgraph is asked: introspection alone, which is answered from the API schema. `refused` is
    what the caller may not see of the answer; those fields are marked. `effort` tells of the search.
    """

    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    node: TopNode | None
    refused: tuple[RefusedPath, ...] = ()
    effort: Effort = Effort()

    @property
    def fetch_count(self) -> int:
        """Requests to subgraphs, both branches of a condition counted, those of deferred parts not."""
        return fetch_count(self.node)

    @property
    def depth(self) -> int:
        """The longest chain of requests, one after another; of a condition the longer branch, no deferred ones."""
        return depth(self.node)

    def __str__(self) -> str:
        """The plan in Apollo's QueryPlan notation."""
        from gateway.planning.printing import print_plan  # noqa: PLC0415  printing knows the plan, not the reverse

        return print_plan(self.node)

    def to_json(self) -> dict[str, Any]:
        """The plan as plain data with the names of Apollo's JSON."""
        from gateway.planning.serialization import plan_to_json  # noqa: PLC0415  the same

        return plan_to_json(self.node)


def fetch_count(node: TopNode | None) -> int:
    match node:
        case Fetch() | None:
            return int(node is not None)
        case Sequence(nodes) | Parallel(nodes):
            return sum(map(fetch_count, nodes))
        case Condition(_, first, second) | Subscription(first, second):
            return fetch_count(first) + fetch_count(second)
        case Defer(primary, _):
            return fetch_count(primary)


def depth(node: TopNode | None) -> int:
    match node:
        case Fetch() | None:
            return int(node is not None)
        case Sequence(nodes):
            return sum(map(depth, nodes))
        case Parallel(nodes):
            return max(map(depth, nodes), default=0)
        case Condition(_, if_clause, else_clause):
            return max(depth(if_clause), depth(else_clause))
        case Subscription(primary, rest):
            return depth(primary) + depth(rest)
        case Defer(primary, _):
            return depth(primary)
