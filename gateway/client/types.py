"""Types of GraphQL as annotations of Python, with what they import."""

from collections.abc import Callable, Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLType,
    get_named_type,
    is_enum_type,
    is_input_object_type,
)
from msgspec import Struct

from gateway.client.names import ANNOTATIONS, pascal_case
from gateway.client.source import Module

BUILT_IN = {"ID": "str", "String": "str", "Int": "int", "Float": "float", "Boolean": "bool"}


class Leaves(Struct, frozen=True):
    """Annotations of scalars, enums and input objects; `scalars` are Python's types by dotted names, `Any` where none is."""

    scalars: Mapping[str, str]
    used: dict[str, GraphQLEnumType | GraphQLInputObjectType] = {}

    @property
    def taken(self) -> frozenset[str]:
        """What no member of a class may be called, since its annotations mean something else by it."""
        return ANNOTATIONS | {dotted.partition(".")[0] for dotted in self.scalars.values()}

    def annotate(self, type_: GraphQLType, module: Module) -> str:
        """The annotation of a whole type, nullable parts told as such."""
        return annotated(type_, lambda named: self._named(named, module))

    def _named(self, named: GraphQLType, module: Module) -> str:
        name = str(named)
        if is_enum_type(named) or is_input_object_type(named):
            self.used[name] = named
            return module.use(".enums" if is_enum_type(named) else ".inputs", pascal_case(name))
        if name in self.scalars:
            return _imported(self.scalars[name], module)
        return BUILT_IN.get(name) or module.use("typing", "Any")


def annotated(type_: GraphQLType, name_of: Callable[[GraphQLType], str], *, nullable: bool = True) -> str:
    """The annotation of a type whose named type is `name_of`'s."""
    if isinstance(type_, GraphQLNonNull):
        return annotated(type_.of_type, name_of, nullable=False)
    if isinstance(type_, GraphQLList):
        found = f"list[{annotated(type_.of_type, name_of)}]"
    else:
        found = name_of(get_named_type(type_))
    return f"{found} | None" if nullable and found != "Any" else found


def _imported(dotted: str, module: Module) -> str:
    home, _, name = dotted.rpartition(".")
    if not home:
        return name
    return f"{module.use_module(home)}.{name}"
