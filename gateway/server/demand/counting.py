"""What an answer has cost, by the document that asked for it: the estimate's weights, as often as objects are there.

The document is read once. Of an answer only what may cost is decoded, and counted for all objects of a position at once.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)
from msgspec import UNSET, Raw, Struct, UnsetType, defstruct

from gateway.execution.contexts import unnumbered
from gateway.planning.plan import Fetch, QueryPlan
from gateway.server.demand.amounts import Amount, Variables, most, value_of
from gateway.server.demand.formula import MUTATION, Formula


class Member(Struct, frozen=True):
    """What objects of one position have under one response key. A null costs its arguments only."""

    read: Callable[[Any], Any]
    weight: int
    arguments: Amount
    lists: int
    below: "Shape"

    def count(self, objects: Sequence[Any], variables: Variables) -> int:
        """The cost in all of `objects` together."""
        values = [value for each in objects if (value := self.read(each)) is not UNSET]
        cost = len(values) * value_of(self.arguments, variables)
        for _ in range(self.lists):
            values = [item for each in values if each is not None for item in each]
        found = [value for value in values if value is not None]
        return cost + len(found) * self.weight + self.below.count(found, variables)


class Shape(Struct, frozen=True):
    """The objects of one position: the struct that they are decoded into, and what of them may cost."""

    struct: type[Struct]
    members: tuple[Member, ...]

    def count(self, objects: Sequence[Any], variables: Variables) -> int:
        return sum([member.count(objects, variables) for member in self.members]) if objects else 0


class Counter:
    """Counts answers to one document. `base` is what any answer with data costs."""

    def __init__(self, shape: Shape, base: int) -> None:
        self._shape = shape
        self._base = base
        self._decode = _decoder(shape.struct)

    def count(self, body: bytes, variables: Variables) -> int:
        """Nothing for an answer without data, or one that is not what was asked for."""
        if not self._base and not self._shape.members:
            return 0
        data = _read(self._decode, body)
        return 0 if data is None else self._base + self._shape.count([data], variables)


class NumberedCounter:
    """Counts answers in which `_entities` fields are repeated, under numbered response keys (`@fromContext`)."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def count(self, body: bytes, variables: Variables) -> int:
        """See `Counter`."""
        data: dict[str, Raw] = _read(_decode_members, body) or {}
        return sum([self._counter.count(_alone(key, value), variables) for key, value in data.items()])


def _alone(key: str, value: Raw) -> bytes:
    return b'{"data":{' + msgspec.json.encode(unnumbered(key)) + b":" + bytes(value) + b"}}"


def compile_fetch_counter(formula: Formula, fetch: Fetch) -> "Counter | NumberedCounter":
    """Counts answers to a fetch, as its subgraph gives them."""
    definitions = parse(fetch.document, no_location=True).definitions
    fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
    (operation,) = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
    counter = _compile(formula, operation, fragments)
    return NumberedCounter(counter) if any(entity.context for entity in fetch.entities) else counter


def compile_whole_counter(formula: Formula, plan: QueryPlan) -> Counter:
    """Counts whole answers to the client."""
    return _compile(formula, plan.operation, plan.fragments)


def _compile(
    formula: Formula, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Counter:
    kind = operation.operation.value
    found: dict[str, _Selected] = {}
    _Collector(formula, fragments).collect(operation.selection_set, formula.root(kind), found)
    return Counter(_shape(found), MUTATION if kind == "mutation" else 0)


class _Selected:
    """What is selected under one response key. Where several types have a field of that key the dearest counts."""

    __slots__ = ("arguments", "is_composite", "lists", "members", "weight")

    def __init__(self, weight: int, arguments: Amount, lists: int, *, is_composite: bool) -> None:
        self.weight = weight
        self.arguments = arguments
        self.lists = lists
        self.is_composite = is_composite
        self.members: dict[str, _Selected] = {}

    def merge(self, weight: int, arguments: Amount) -> None:
        """Selected once more."""
        self.weight = max(self.weight, weight)
        self.arguments = most(self.arguments, arguments)


class _Collector:
    def __init__(self, formula: Formula, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._formula = formula
        self._fragments = fragments

    def collect(self, selection_set: SelectionSetNode, parent: str, found: dict[str, _Selected]) -> None:
        for node in selection_set.selections:
            match node:
                case FieldNode():
                    self._field(node, parent, found)
                case InlineFragmentNode(type_condition=condition, selection_set=inner):
                    self.collect(inner, condition.name.value if condition else parent, found)
                case FragmentSpreadNode(name=name):
                    fragment = self._fragments[name.value]
                    self.collect(fragment.selection_set, fragment.type_condition.name.value, found)

    def _field(self, node: FieldNode, parent: str, found: dict[str, _Selected]) -> None:
        name = node.name.value
        declared = ("_Entity", 1) if name == "_entities" else self._formula.field_type(parent, name)
        if declared is None:
            return
        type_name, lists = declared
        weight = 1 if name == "_entities" else self._formula.weight(parent, name, type_name)
        arguments = self._formula.arguments(parent, node)
        key, inner = (node.alias or node.name).value, node.selection_set
        if key in found:
            found[key].merge(weight, arguments)
        else:
            found[key] = _Selected(weight, arguments, lists, is_composite=inner is not None)
        if inner:
            self.collect(inner, type_name, found[key].members)


def _shape(selected: Mapping[str, _Selected]) -> Shape:
    members: list[Member] = []
    fields: list[tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    for key, each in selected.items():
        below = _shape(each.members)
        if each.weight == 0 and each.arguments == 0 and not below.members:
            continue
        name = f"f{len(members)}"
        found: Any = below.struct if each.is_composite else Any
        for _ in range(each.lists):
            found = list.__class_getitem__(found | None)
        fields.append((name, found | None | UnsetType, UNSET))
        rename[name] = key
        members.append(Member(attrgetter(name), each.weight, each.arguments, each.lists, below))
    return Shape(defstruct("Counted", fields, rename=rename, gc=False), tuple(members))


def _decoder(data: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(defstruct("Response", [("data", data | None, None)], gc=False)).decode


_decode_members = _decoder(dict[str, Raw])


def _read(decode: Callable[[bytes], Any], body: bytes) -> Any:
    """The data of an answer; None where it has none, or is none."""
    try:
        return decode(body).data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
