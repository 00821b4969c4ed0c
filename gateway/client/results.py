"""The classes of answers: one for each position of an operation whose objects have fields of their own.

Where an object may be of several types and is asked for different fields by them, each has a class, told by `__typename`.
"""

from collections.abc import Sequence

from graphql import (
    FragmentDefinitionNode,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_input_type,
)

from gateway.client.names import pascal_case, snake_case
from gateway.client.selections import Part, Selected, Selections
from gateway.client.source import STRUCT, Module, class_block, member, union
from gateway.client.types import Leaves, annotated

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType
TYPENAME = "__typename"


class Fragments:
    """The module of fragments that are used whole: each has one class, or one alias, wherever it is spread alone."""

    def __init__(self, schema: GraphQLSchema, selections: Selections, leaves: Leaves) -> None:
        self.module = Module(".fragments", "The fragments.")
        self.names: set[str] = set()
        self._schema = schema
        self._results = Results(schema, selections, leaves, self.module, self)

    def use(self, fragment: FragmentDefinitionNode, module: Module) -> str:
        """The name of a fragment's class, imported."""
        name = pascal_case(fragment.name.value)
        if name not in self.names:
            self.names.add(name)
            type_ = self._schema.type_map[fragment.type_condition.name.value]
            assert isinstance(type_, Composite)
            self._results.make(name, type_, (Part(fragment.selection_set),))
        return name if module is self.module else module.use(".fragments", name)


class Results:
    """Makes the classes of one module."""

    def __init__(
        self,
        schema: GraphQLSchema,
        selections: Selections,
        leaves: Leaves,
        module: Module,
        fragments: Fragments,
    ) -> None:
        self._schema = schema
        self._selections = selections
        self._leaves = leaves
        self._module = module
        self._fragments = fragments
        self._taken = _names_elsewhere(schema, selections)

    def make(self, name: str, type_: Composite, parts: Sequence[Part]) -> str:
        """Makes the class or the alias `name` of a position; gives it."""
        if isinstance(type_, GraphQLObjectType):
            self._class(name, type_, self._selections.of(parts, type_), told=type_.name)
            return name
        possible = sorted(self._schema.get_possible_types(type_), key=lambda each: each.name)
        found = [(each, self._selections.of(parts, each)) for each in possible]
        if self._are_alike(found):
            self._class(name, found[0][0], found[0][1], told=type_.name)
            return name
        names = [self._unused(name + pascal_case(each.name)) for each in possible]
        for own, (each, selected) in zip(names, found, strict=True):
            self._class(own, each, selected, told=each.name, is_variant=True)
        self._module.use("typing", "TypeAlias")
        self._module.add(union(name, names))
        return name

    def _class(
        self,
        name: str,
        type_: GraphQLObjectType,
        selected: Sequence[Selected],
        *,
        told: str,
        is_variant: bool = False,
    ) -> None:
        """A class after those of what is below it, which an alias needs when it is defined."""
        members, taken = [], set(self._leaves.taken)
        for each in selected:
            if is_variant and each.key == TYPENAME:
                continue
            own = snake_case(each.key, taken)
            taken.add(own)
            annotation = self._annotation(name, type_, each)
            default = None
            if each.may_miss:
                annotation, default = _with_none(annotation), "None"
            members.append(member(own, annotation, default, each.key))
        if any("= field(" in line for line in members):
            self._module.use("msgspec", "field")
        base = self._module.use(".client", "Variant" if is_variant else "Data")
        bases = [base, *STRUCT, *([f'tag="{type_.name}"'] if is_variant else [])]
        self._module.add(class_block(name, bases, f"A `{told}`.", members))

    def _annotation(self, name: str, type_: GraphQLObjectType, selected: Selected) -> str:
        field_type = _type_of(type_, selected.node.name.value)
        named = get_named_type(field_type)
        if not is_composite_type(named):
            return self._leaves.annotate(field_type, self._module)
        fragment = self._selections.only_fragment(selected.parts, named.name)
        if fragment is not None:
            own = self._fragments.use(fragment, self._module)
        else:
            own = self.make(self._unused(name + pascal_case(selected.key)), named, selected.parts)
        return annotated(field_type, lambda _: own)

    def _are_alike(self, found: Sequence[tuple[GraphQLObjectType, tuple[Selected, ...]]]) -> bool:
        """Whether one class will do for the objects of all types: same fields, and of the same types."""
        shapes = [
            (selected, [str(_type_of(type_, each.node.name.value)) for each in selected])
            for type_, selected in found
        ]
        return all(shape == shapes[0] for shape in shapes)

    def _unused(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def _type_of(type_: GraphQLObjectType, field: str) -> GraphQLOutputType:
    if field == TYPENAME:
        return GraphQLNonNull(GraphQLString)
    found: GraphQLOutputType = type_.fields[field].type
    return found


def _names_elsewhere(schema: GraphQLSchema, selections: Selections) -> set[str]:
    """What a module may import by these names, so that no class below its own has one of them."""
    types = (name for name, type_ in schema.type_map.items() if is_input_type(type_))
    return {pascal_case(name) for name in (*types, *selections.fragments)}


def _with_none(annotation: str) -> str:
    return annotation if annotation == "Any" or annotation.endswith("| None") else f"{annotation} | None"
