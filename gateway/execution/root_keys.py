"""The response keys at the root of a fetch's document, for where something went wrong."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from gateway.execution.completion.collect_fields import is_included


def root_keys(document: str, variables: Mapping[str, Any]) -> list[str]:
    """Those that `@skip` and `@include` leave for these variables, in the document's order."""
    definitions = _parse(document).definitions
    fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
    operation = next(d for d in definitions if isinstance(d, OperationDefinitionNode))
    keys: dict[str, None] = {}

    def visit(selection_set: SelectionSetNode) -> None:
        for selection in selection_set.selections:
            if not is_included(selection, variables):
                continue
            if isinstance(selection, FieldNode):
                keys[(selection.alias or selection.name).value] = None
            elif isinstance(selection, InlineFragmentNode):
                visit(selection.selection_set)
            else:
                visit(fragments[selection.name.value].selection_set)  # type: ignore[attr-defined]

    visit(operation.selection_set)
    return list(keys)


@lru_cache(maxsize=256)
def _parse(document: str) -> DocumentNode:
    return parse(document, no_location=True)
