"""What a document may ask for before it is validated and planned.

Nesting is counted in the text before parsing: parser, validation and planning recurse by it.
"""

import re
from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from gateway.server.config.schema import Limits
from gateway.server.errors import RequestError, refused, refused_for

# What is skipped comes first: brackets in strings and comments nest nothing. No alternative can fail after its
# first character, so that the time is linear.
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.?|"(?!""))*(?:"""|$)|"(?:[^"\\\n\r]|\\.?)*"?|#[^\n\r]*|[{(\[]|[})\]]', re.DOTALL
)


def parse_document(text: str, limits: Limits) -> DocumentNode:
    """The document, its size and nesting within `limits`; it is not validated yet.

    Raises RequestError with code PARSING_ERROR.
    """
    if nesting(text) > limits.parser_max_recursion:
        raise refused(
            f"The document nests deeper than {limits.parser_max_recursion} brackets", "PARSING_ERROR"
        )
    try:
        return parse(text, max_tokens=limits.parser_max_tokens, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        raise refused_for([error], "PARSING_ERROR") from None


def nesting(text: str) -> int:
    """How deep brackets of any kind nest in a document's text, outside strings and comments."""
    deepest = depth = 0
    for token in _TOKEN.finditer(text):
        match text[token.start()]:
            case "{" | "(" | "[":
                depth += 1
                deepest = max(deepest, depth)
            case "}" | ")" | "]":
                depth -= 1
    return deepest


def refuse_deep(document: DocumentNode, limits: Limits) -> None:
    """Raises RequestError (MAX_DEPTH_LIMIT) where an operation nests fields deeper than `max_depth`."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    measure = _Depth(fragments)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and measure.of(node.selection_set) > limits.max_depth:
            raise _too_deep(limits)


def refuse_introspection(document: DocumentNode) -> None:
    """Raises RequestError (INTROSPECTION_DISABLED) where a document selects `__schema` or `__type`."""
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            for field in _fields(definition.selection_set):
                if field.name.value in ("__schema", "__type"):
                    raise refused("Introspection is switched off", "INTROSPECTION_DISABLED")


def _too_deep(limits: Limits) -> RequestError:
    return refused(f"The operation nests fields deeper than {limits.max_depth}", "MAX_DEPTH_LIMIT")


def _fields(selection_set: SelectionSetNode) -> Iterator[FieldNode]:
    pending = [selection_set]
    while pending:
        for selection in pending.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection
            if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                pending.append(selection.selection_set)


class _Depth:
    """Depths of selection sets, each fragment measured once; a cycle, which validation refuses, adds nothing."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, int] = {}

    def of(self, selection_set: SelectionSetNode) -> int:
        deepest = 0
        for selection in selection_set.selections:
            match selection:
                case FieldNode(selection_set=inner):
                    depth = 1 + (self.of(inner) if inner else 0)
                case InlineFragmentNode(selection_set=inner):
                    depth = self.of(inner)
                case FragmentSpreadNode(name=name):
                    depth = self._fragment(name.value)
                case _:
                    continue
            deepest = max(deepest, depth)
        return deepest

    def _fragment(self, name: str) -> int:
        if name not in self._known and name in self._fragments:
            self._known[name] = 0
            self._known[name] = self.of(self._fragments[name].selection_set)
        return self._known.get(name, 0)
