"""Which documents are those of a manifest, however they are laid out."""

import logging
from collections.abc import Iterator
from hashlib import sha256

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
    print_ast,
)

from gateway.server.config.documents import PersistedQueries
from gateway.server.persisted_queries.errors import not_in_safelist
from gateway.server.persisted_queries.manifest import Manifest, ManifestError

_log = logging.getLogger("hansa.router")
_INTROSPECTION = frozenset({"__schema", "__type", "__typename"})


class Safelist:
    """Documents by their form: the order of definitions, whitespace and comments make no difference, fields' order does.

    Introspection passes: where it is not wanted it is switched off. With `refuses` a document that is not listed is not
    run, with `logs` it is logged.
    """

    def __init__(self, manifest: Manifest, *, refuses: bool, logs: bool) -> None:
        self._forms = {_form(_parse(id_, body)) for (id_, _), body in manifest.items()}
        self._refuses = refuses
        self._logs = logs

    @classmethod
    def from_config(cls, config: PersistedQueries, manifest: Manifest) -> "Safelist | None":
        """None where no body is looked at: all may run, or none."""
        if config.safelist.enabled and config.safelist.require_id:
            return None
        if not config.safelist.enabled and not config.log_unknown:
            return None
        return cls(manifest, refuses=config.safelist.enabled, logs=config.log_unknown)

    def check(self, document: DocumentNode, text: str) -> None:
        """Raises RequestError (403, QUERY_NOT_IN_SAFELIST)."""
        if _form(document) in self._forms or _only_introspects(document):
            return
        if self._logs:
            log_unknown(text)
        if self._refuses:
            raise not_in_safelist()


def log_unknown(text: str) -> None:
    """One line of the log for a document that no manifest has."""
    _log.warning("unknown operation", extra={"data": {"operation_body": text}})


def _parse(id_: str, body: str) -> DocumentNode:
    try:
        return parse(body, no_location=True)
    except (GraphQLSyntaxError, RecursionError) as error:
        raise ManifestError(f"The operation {id_!r} of a manifest is no GraphQL document: {error}") from None


def _form(document: DocumentNode) -> bytes:
    printed = sorted(map(print_ast, document.definitions))
    return sha256("\n".join(printed).encode()).digest()


def _only_introspects(document: DocumentNode) -> bool:
    fragments = {
        node.name.value: node.selection_set
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return all(
        name in _INTROSPECTION
        for operation in operations
        for name in _root_fields(operation.selection_set, fragments)
    )


def _root_fields(root: SelectionSetNode, fragments: dict[str, SelectionSetNode]) -> Iterator[str]:
    pending, seen = [root], set[str]()
    while pending:
        for selection in pending.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection.name.value
            elif isinstance(selection, InlineFragmentNode):
                pending.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                pending += [fragments[name] for name in (selection.name.value,) if name in fragments]
