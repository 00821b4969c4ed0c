"""Prints a schema as SDL, sorted by name, so that equal supergraphs are equal texts."""

from collections.abc import Iterable

from graphql.language.block_string import is_printable_as_block_string, print_block_string
from graphql.language.print_string import print_string
from graphql.pyutils import Undefined

from gateway.composition.model.schema import (
    BUILT_IN_SCALARS,
    Application,
    DirectiveDefinition,
    EnumValue,
    Field,
    InputValue,
    Kind,
    Schema,
    Type,
)
from gateway.composition.model.value import print_value

_KEYWORDS = {
    Kind.SCALAR: "scalar",
    Kind.OBJECT: "type",
    Kind.INTERFACE: "interface",
    Kind.UNION: "union",
    Kind.ENUM: "enum",
    Kind.INPUT: "input",
}


def collation(name: str) -> tuple[str, str]:
    """Orders names as people do: underscores, digits, letters; lower case before upper only where else equal."""
    return name.replace("_", " ").lower(), name.swapcase()


def print_schema(schema: Schema) -> str:
    parts = [_print_schema_definition(schema)]
    directives = (each for each in schema.directives.values() if not each.built_in)
    parts += [_print_directive(each) for each in sorted(directives, key=lambda each: collation(each.name))]
    types = (each for each in schema.types.values() if each.name not in BUILT_IN_SCALARS)
    parts += [_print_type(each) for each in sorted(types, key=lambda each: collation(each.name))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _print_schema_definition(schema: Schema) -> str:
    roots = "".join(f"  {role}: {name}\n" for role, name in schema.roots.items())
    is_default = all(name.lower() == role for role, name in schema.roots.items())
    if is_default and not schema.applications and not schema.description:
        return ""
    applications = _lines(schema.applications)
    opening = f"schema{applications}\n{{" if applications else "schema {"
    return f"{_description(schema.description)}{opening}\n{roots}}}"


def _description(text: str | None, indent: str = "") -> str:
    if not text:
        return ""
    printed = print_block_string(text) if is_printable_as_block_string(text) else print_string(text)
    return "".join(f"{indent}{line}\n" if line else "\n" for line in printed.split("\n"))


def print_application(each: Application) -> str:
    arguments = ", ".join(f"{name}: {print_value(value)}" for name, value in each.arguments.items())
    return f"@{each.name}({arguments})" if arguments else f"@{each.name}"


def _inline(applications: Iterable[Application]) -> str:
    return "".join(f" {print_application(each)}" for each in applications)


def _print_directive(each: DirectiveDefinition) -> str:
    repeatable = " repeatable" if each.repeatable else ""
    arguments = _print_arguments(each.arguments, "")
    return f"{_description(each.description)}directive @{each.name}{arguments}{repeatable} on {' | '.join(each.locations)}"


def _print_arguments(arguments: dict[str, InputValue], indent: str) -> str:
    if not arguments:
        return ""
    if not any(each.description for each in arguments.values()):
        return f"({', '.join(map(_print_input, arguments.values()))})"
    printed: list[str] = []
    for each in arguments.values():
        printed.append(_member(each.description, _print_input(each), f"{indent}  ", first=not printed))
    lines = "\n".join(printed)
    return f"(\n{lines}\n{indent})"


def _print_input(each: InputValue) -> str:
    default = "" if each.default is Undefined else f" = {print_value(each.default)}"
    return f"{each.name}: {each.type}{default}{_inline(each.applications)}"


def _print_type(each: Type) -> str:
    implements = f" implements {' & '.join(each.interfaces)}" if each.interfaces else ""
    opening = f"{_description(each.description)}{_KEYWORDS[each.kind]} {each.name}{implements}"
    joined = any(applied.name == "join__type" for applied in each.applications)
    applications = _lines(each.applications) if joined else _inline(each.applications)
    separator = "\n" if joined else " "
    if each.kind is Kind.UNION:
        return f"{opening}{applications}{separator}{' ' if joined else ''}= {' | '.join(each.members)}"
    members = _print_members(each)
    return f"{opening}{applications}{separator}{{\n{members}\n}}" if members else opening + applications


def _lines(applications: Iterable[Application]) -> str:
    return "".join(f"\n  {print_application(each)}" for each in applications)


def _print_members(each: Type) -> str:
    lines: list[str] = []
    members: list[Field | InputValue | EnumValue] = [
        *each.fields.values(),
        *each.inputs.values(),
        *each.values.values(),
    ]
    for member in members:
        lines.append(_member(member.description, _print_member(member), "  ", first=not lines))
    return "\n".join(lines)


def _print_member(member: Field | InputValue | EnumValue) -> str:
    if isinstance(member, InputValue):
        return _print_input(member)
    if isinstance(member, EnumValue):
        return member.name + _inline(member.applications)
    return f"{member.name}{_print_arguments(member.arguments, '  ')}: {member.type}{_inline(member.applications)}"


def _member(description: str | None, text: str, indent: str, *, first: bool) -> str:
    gap = "\n" if description and not first else ""
    return f"{gap}{_description(description, indent)}{indent}{text}"
