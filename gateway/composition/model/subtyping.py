"""Subtypes, and the types that several type references have in common.

Output types merge to the common supertype, input types to the common subtype; anything else does not merge.
"""

from collections.abc import Iterable

from gateway.composition.model.schema import Kind, Schema
from gateway.composition.model.typeref import is_list, is_non_null, list_item, nullable


def is_subtype(schema: Schema, candidate: str, of: str) -> bool:
    """Whether every value of `candidate` is a value of `of`, strictly or not (GraphQL, IsValidImplementationFieldType)."""
    if candidate == of:
        return True
    if is_non_null(candidate):
        return is_subtype(schema, nullable(candidate), nullable(of))
    if is_non_null(of):
        return False
    if is_list(candidate) and is_list(of):
        return is_subtype(schema, list_item(candidate), list_item(of))
    return not is_list(candidate) and not is_list(of) and _is_member(schema, candidate, of)


def _is_member(schema: Schema, candidate: str, of: str) -> bool:
    found, container = schema.types.get(candidate), schema.types.get(of)
    if found is None or container is None:
        return False
    if container.kind is Kind.UNION:
        return candidate in container.members
    return container.kind is Kind.INTERFACE and of in found.interfaces


def merge_output(schema: Schema, references: Iterable[str]) -> str | None:
    """The most general of the types, or None where two of them are unrelated."""
    merged: str | None = None
    for reference in references:
        if merged is None or is_subtype(schema, merged, reference):
            merged = reference
        elif not is_subtype(schema, reference, merged):
            return None
    return merged


def merge_input(schema: Schema, references: Iterable[str]) -> str | None:
    """The most specific of the types, or None where two of them are unrelated."""
    merged: str | None = None
    for reference in references:
        if merged is None or is_subtype(schema, reference, merged):
            merged = reference
        elif not is_subtype(schema, merged, reference):
            return None
    return merged
