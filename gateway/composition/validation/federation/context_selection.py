"""What `@fromContext` selects from a context: one value of the argument's type, from each type that sets the context.

The selection is one field, or inline fragments with one field each, of which every type that sets the context
finds one for itself. The value may be null, as what it is taken from may fail: so the argument is nullable.
"""

from collections.abc import Iterator, Sequence

from graphql import GraphQLSyntaxError

from gateway.composition.model.field_set import FieldSelection, FragmentSelection, Selection, parse_field_set
from gateway.composition.model.schema import Kind, Schema, Type
from gateway.composition.model.typeref import depth, named_type

Selections = tuple[Selection, ...]


def selection_problem(schema: Schema, sources: Sequence[Type], text: str, expected: str) -> str | None:
    """Why no value of type `expected` can be taken from all of the types; None where one can."""
    try:
        selections = parse_field_set(text)
    except GraphQLSyntaxError as error:
        return error.message.removesuffix(".")
    except RecursionError:
        return "it is nested too deeply"
    return next(_problems(schema, sources, selections, expected), None)


def _problems(
    schema: Schema, sources: Sequence[Type], selections: Selections, expected: str
) -> Iterator[str]:
    fragments = [each for each in selections if isinstance(each, FragmentSelection)]
    for source in sources:
        yield from _invalid(schema, source.name, selections)
    if len(selections) > max(1, len(fragments)):
        yield "more than one field could be selected"
    if fragments:
        yield from _in_fragments(schema, sources, fragments, expected)
    for source in [] if fragments else sources:
        yield from _mismatch(schema, source.name, selections, expected)


def _in_fragments(
    schema: Schema, sources: Sequence[Type], fragments: Sequence[FragmentSelection], expected: str
) -> Iterator[str]:
    by_condition = {each.type_condition or "": each for each in fragments}
    if "" in by_condition or len(by_condition) < len(fragments):
        yield "each inline fragment must have a type condition of its own"
    for condition in by_condition:
        if condition and schema.types[condition].kind is not Kind.OBJECT:
            yield f'the type condition "{condition}" is not an object type'
    used: set[str] = set()
    for source in sources:
        matching = by_condition.keys() & set(schema.possible_types(source.name))
        if not matching:
            yield f'no type condition matches "{source.name}"'
        for condition in sorted(matching):
            yield from _mismatch(schema, condition, by_condition[condition].selections, expected)
        used |= matching
    for condition in by_condition.keys() - used:
        yield f'the type condition "{condition}" is never used'


def _invalid(schema: Schema, parent: str, selections: Selections) -> Iterator[str]:
    """What is not valid for the type, or not allowed in the value of a context."""
    for selection in selections:
        if selection.directives:
            yield "directives are not allowed in it"
        if isinstance(selection, FragmentSelection):
            condition = selection.type_condition or parent
            if schema.is_composite(condition):
                yield from _invalid(schema, condition, selection.selections)
            else:
                yield f'"{condition}" is not a type with fields'
        elif schema.types[parent].is_interface_object:
            yield f'"{parent}" is an interface object'
        elif selection.name != "__typename" or selection.selections:
            yield from _invalid_field(schema, parent, selection)
        if isinstance(selection, FieldSelection) and selection.alias:
            yield "aliases are not allowed in it"


def _invalid_field(schema: Schema, parent: str, selection: FieldSelection) -> Iterator[str]:
    field = schema.field(parent, selection.name)
    if field is None:
        yield f'type "{parent}" has no field "{selection.name}"'
        return
    given = {name for name, _ in selection.arguments}
    for name in sorted(given - field.arguments.keys()):
        yield f'field "{field.coordinate}" has no argument "{name}"'
    for argument in field.arguments.values():
        if argument.required and argument.name not in given:
            yield f'the argument "{argument.coordinate}" is required'
    composite = schema.is_composite(named_type(field.type))
    if composite != bool(selection.selections):
        yield f'field "{field.coordinate}" {"needs" if composite else "has no"} fields to select'
    elif composite:
        yield from _invalid(schema, named_type(field.type), selection.selections)


def _mismatch(schema: Schema, parent: str, selections: Selections, expected: str) -> Iterator[str]:
    found = _value_type(schema, parent, selections)
    if found != expected:
        yield f'its type "{found}" on "{parent}" does not match the expected type "{expected}"'


def _value_type(schema: Schema, parent: str, selections: Selections) -> str | None:
    """The type of the selected value, which may be null at every level; None where it is not one."""
    types = {_field_type(schema, parent, selection) for selection in selections}
    return types.pop() if len(types) == 1 else None


def _field_type(schema: Schema, parent: str, selection: Selection) -> str | None:
    if isinstance(selection, FragmentSelection):
        return None
    if selection.name == "__typename":
        return "String"
    field = schema.types[parent].fields[selection.name]
    name = named_type(field.type)
    inner = _value_type(schema, name, selection.selections) if selection.selections else name
    levels = depth(field.type)
    return None if inner is None else "[" * levels + inner + "]" * levels
