"""Field sets: the selections in `@key`, `@requires`, `@provides` and `@fromContext`.

A field set is parsed once to a tree without types; walking it against a schema gives the fields it selects.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, TypeAlias

from graphql import GraphQLSyntaxError, Source, parse
from graphql import language as ast

from gateway.composition.model.schema import Field, Kind, Schema, Type
from gateway.composition.model.typeref import named_type
from gateway.composition.model.value import print_value, value_from_ast


class FieldSelection(NamedTuple):
    """A selected field; `arguments` are name and printed value."""

    name: str
    selections: "tuple[Selection, ...]" = ()
    arguments: tuple[tuple[str, str], ...] = ()
    directives: tuple[str, ...] = ()
    alias: str | None = None


class FragmentSelection(NamedTuple):
    """An inline fragment."""

    type_condition: str | None
    selections: "tuple[Selection, ...]" = ()
    directives: tuple[str, ...] = ()


Selection: TypeAlias = FieldSelection | FragmentSelection


class Selected(NamedTuple):
    """A field that a field set selects: the type it is selected on, and its own selection."""

    parent: Type
    field: Field
    selection: FieldSelection


@cache
def parse_field_set(text: str) -> tuple[Selection, ...]:
    """Parse a field set.

    Raises:
        GraphQLSyntaxError: it is not a selection set.
    """
    source = text if text.lstrip().startswith("{") else f"{{{text}}}"
    document = parse(source, no_location=True)
    operation = document.definitions[0]
    if len(document.definitions) != 1 or not isinstance(operation, ast.OperationDefinitionNode):
        raise GraphQLSyntaxError(Source(text), 0, "Expected one selection set.")
    return _selections(operation.selection_set)


def read_field_set(text: object) -> tuple[Selection, ...]:
    """A field set that validation has passed, or will report: nothing where it does not parse."""
    try:
        return parse_field_set(text) if isinstance(text, str) else ()
    except (GraphQLSyntaxError, RecursionError):
        return ()


def _selections(node: ast.SelectionSetNode | None) -> tuple[Selection, ...]:
    if node is None:
        return ()
    if not node.selections:  # graphql-core lets a selection set be empty, GraphQL (2.5) does not
        raise GraphQLSyntaxError(Source("{}"), 1, 'Expected Name, found "}".')
    return tuple(map(_selection, node.selections))


def _selection(node: ast.SelectionNode) -> Selection:
    directives = tuple(f"@{each.name.value}" for each in node.directives or ())
    match node:
        case ast.FieldNode():
            return FieldSelection(
                name=node.name.value,
                selections=_selections(node.selection_set),
                arguments=tuple(
                    (each.name.value, print_value(value_from_ast(each.value)))
                    for each in node.arguments or ()
                ),
                directives=directives,
                alias=node.alias.value if node.alias else None,
            )
        case ast.InlineFragmentNode():
            condition = node.type_condition.name.value if node.type_condition else None
            return FragmentSelection(condition, _selections(node.selection_set), directives)
        case _:
            raise GraphQLSyntaxError(Source("..."), 0, "A field set cannot spread named fragments.")


def selected_fields(schema: Schema, parent: str, text: object) -> Iterator[Selected]:
    """Every field, nested ones too, that a field set selects in this schema; what does not resolve is passed over."""
    yield from walk(schema, parent, read_field_set(text))


def walk(schema: Schema, parent: str, selections: tuple[Selection, ...]) -> Iterator[Selected]:
    owner = schema.types.get(parent)
    if owner is None:
        return
    for selection in selections:
        if isinstance(selection, FragmentSelection):
            yield from walk(schema, selection.type_condition or parent, selection.selections)
        elif (field := owner.fields.get(selection.name)) is not None:
            yield Selected(owner, field, selection)
            yield from walk(schema, named_type(field.type), selection.selections)


def with_implementations(schema: Schema, selected: Iterator[Selected]) -> Iterator[Field]:
    """The selected fields, and for a field of an interface also those of its implementations."""
    for each in selected:
        yield each.field
        if each.parent.kind is Kind.INTERFACE:
            owners = (
                schema.field(owner.name, each.field.name)
                for owner in schema.implementations(each.parent.name)
            )
            yield from (found for found in owners if found is not None)


def print_selections(selections: tuple[Selection, ...]) -> str:
    """A field set in its canonical form, on one line."""
    return " ".join(map(_print_selection, selections))


def _print_selection(selection: Selection) -> str:
    inner = f" {{ {print_selections(selection.selections)} }}" if selection.selections else ""
    directives = "".join(f" {name}" for name in selection.directives)
    if isinstance(selection, FragmentSelection):
        condition = f" on {selection.type_condition}" if selection.type_condition else ""
        return f"...{condition}{directives}{inner}"
    alias = f"{selection.alias}: " if selection.alias else ""
    arguments = ", ".join(f"{name}: {value}" for name, value in selection.arguments)
    return f"{alias}{selection.name}{f'({arguments})' if arguments else ''}{directives}{inner}"
