"""Modules of the enums and the input objects that operations use."""

from collections.abc import Callable

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLNonNull, GraphQLType, Undefined

from gateway.client.names import member_name, pascal_case, snake_case
from gateway.client.source import STRUCT, Module, class_block, member
from gateway.client.types import Leaves

OPTIONAL = " | UnsetType"


def inputs_module(leaves: Leaves) -> tuple[Module, list[str]]:
    """The input objects that are used, and those that they use; their names as well."""
    module, made = Module(".inputs", "The input objects."), dict[str, str]()
    while waiting := sorted(
        name
        for name, used in leaves.used.items()
        if isinstance(used, GraphQLInputObjectType) and name not in made
    ):
        for name in waiting:
            used = leaves.used[name]
            assert isinstance(used, GraphQLInputObjectType)
            made[name] = _input(used, leaves, module)
    for name in sorted(made):
        module.add(made[name])
    return module, sorted(map(pascal_case, made))


def enums_module(leaves: Leaves) -> tuple[Module, list[str]]:
    """The enums that are used; their names as well."""
    module, names = Module(".enums", "The enums."), []
    for name, used in sorted(leaves.used.items()):
        if isinstance(used, GraphQLEnumType):
            names.append(pascal_case(name))
            module.use("enum", "StrEnum")
            members = [f'{member_name(value)} = "{value}"' for value in used.values]
            module.add(class_block(names[-1], ["StrEnum"], f"The enum `{name}`.", members))
    return module, names


def optional(annotation: str, use: Callable[[str, str], str]) -> str:
    """The annotation of what may be left out."""
    use("msgspec", "UNSET")
    use("msgspec", "UnsetType")
    return annotation if annotation == "Any" else annotation + OPTIONAL


def is_required(type_: GraphQLType, default: object) -> bool:
    """Whether a value must be given (GraphQL, section 3.10)."""
    return isinstance(type_, GraphQLNonNull) and default is Undefined


def _input(type_: GraphQLInputObjectType, leaves: Leaves, module: Module) -> str:
    members, taken = [], set(leaves.taken)
    for name, field in type_.fields.items():
        own = snake_case(name, taken)
        taken.add(own)
        annotation = leaves.annotate(field.type, module)
        if is_required(field.type, field.default_value):
            members.append(member(own, annotation, None, name))
        else:
            members.append(member(own, optional(annotation, module.use), "UNSET", name))
    if any("= field(" in line for line in members):
        module.use("msgspec", "field")
    base = module.use(".client", "Input")
    return class_block(pascal_case(type_.name), [base, *STRUCT], f"The input `{type_.name}`.", members)
