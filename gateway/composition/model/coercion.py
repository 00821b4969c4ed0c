"""Whether a constant value fits an input type (GraphQL, section 3.10 and the scalars of section 3.5)."""

from gateway.composition.model.schema import Kind, Schema, Type
from gateway.composition.model.typeref import is_list, is_non_null, list_item, nullable
from gateway.composition.model.value import EnumLiteral, Value

_INT_LIMIT = 2**31


def fits(schema: Schema, value: Value, reference: str) -> bool:
    if value is None:
        return not is_non_null(reference)
    if is_list(reference):
        items = value if isinstance(value, list) else [value]
        return all(fits(schema, item, list_item(reference)) for item in items)
    name = nullable(reference)
    owner = schema.types.get(name)
    if owner is None or name in {"Int", "Float", "String", "Boolean", "ID"}:
        return _fits_scalar(value, name)
    if owner.kind is Kind.ENUM:
        return isinstance(value, EnumLiteral) and (value.name in owner.values or name in schema.machinery)
    return owner.kind is not Kind.INPUT or _fits_input(schema, value, owner)


def coerced(value: Value, reference: str) -> Value:
    """The value with the lists that coercion puts around a single item (GraphQL, section 3.11)."""
    if not is_list(reference) or value is None:
        return value
    items = value if isinstance(value, list) else [value]
    return [coerced(item, list_item(reference)) for item in items]


def _fits_scalar(value: Value, name: str) -> bool:
    match name:
        case "Int":
            return (
                isinstance(value, int) and not isinstance(value, bool) and -_INT_LIMIT <= value < _INT_LIMIT
            )
        case "Float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "String":
            return isinstance(value, str)
        case "Boolean":
            return isinstance(value, bool)
        case "ID":
            return isinstance(value, str | int) and not isinstance(value, bool)
        case _:
            return True


def _fits_input(schema: Schema, value: Value, owner: Type) -> bool:
    if not isinstance(value, dict) or not value.keys() <= owner.inputs.keys():
        return False
    given = all(fits(schema, value[name], each.type) for name, each in owner.inputs.items() if name in value)
    return given and not any(each.required for name, each in owner.inputs.items() if name not in value)
