"""Reading the arguments of applied directives from syntax nodes."""

from collections.abc import Iterable, Iterator

from graphql import BooleanValueNode, DirectiveNode, EnumValueNode, StringValueNode, ValueNode


def argument_values(directive: DirectiveNode) -> dict[str, ValueNode]:
    return {argument.name.value: argument.value for argument in directive.arguments or ()}


def text_of(value: ValueNode | None) -> str | None:
    """The text of a string or the name of an enum value, None for anything else."""
    return value.value if isinstance(value, StringValueNode | EnumValueNode) else None


def flag_of(value: ValueNode | None, *, default: bool) -> bool:
    return value.value if isinstance(value, BooleanValueNode) else default


def applied(directives: Iterable[DirectiveNode] | None, name: str | None) -> Iterator[DirectiveNode]:
    return (directive for directive in directives or () if directive.name.value == name)
