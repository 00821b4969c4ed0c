"""What a cache must know of a fetch's document, whatever its variables: found once and remembered."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import chain

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    strip_ignored_characters,
    visit,
)
from graphql.language import Node
from msgspec import Struct

from gateway.planning.plan import Fetch


class Selection(Struct, frozen=True):
    """What is asked of something: equal `identity`, equal selection; `variables` are the names of those it uses.

    How operations are called and what their response keys at the root are makes no difference to an entity.
    """

    identity: bytes
    variables: tuple[str, ...]


class EntityField(Struct, frozen=True):
    """An `_entities` field: its response key, the variable of its representations, and what is asked of each."""

    alias: str
    variable: str
    selection: Selection


class FetchDocument(Struct, frozen=True):
    """A fetch's document: `entities` of an entity fetch; `roots` and `selection` of one of root fields."""

    entities: tuple[EntityField, ...]
    roots: tuple[FieldNode, ...]
    selection: Selection


def read_fetch(fetch: Fetch) -> FetchDocument:
    """What is known of the fetch by its document."""
    return _read(fetch.document, tuple((entity.alias, entity.variable) for entity in fetch.entities))


@lru_cache(maxsize=2048)
def _read(text: str, entities: tuple[tuple[str, str], ...]) -> FetchDocument:
    document = parse(text, no_location=True)
    operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    fragments = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    fields = tuple(_root_fields(document, operation.selection_set))
    variables = dict(entities)
    return FetchDocument(
        entities=tuple(
            EntityField(key, variables[key], _selection(operation, [field.selection_set, *fragments]))
            for field in fields
            if (key := (field.alias or field.name).value) in variables
        ),
        roots=fields,
        selection=_selection(operation, [operation.selection_set, *fragments]),
    )


def _root_fields(document: DocumentNode, selection_set: SelectionSetNode) -> Iterator[FieldNode]:
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _root_fields(document, selection.selection_set)
        else:
            yield from _root_fields(document, fragments[selection.name.value].selection_set)  # type: ignore[attr-defined] # what is left


def _selection(operation: OperationDefinitionNode, nodes: Sequence[Node | None]) -> Selection:
    present = [node for node in nodes if node is not None]
    used = sorted(set(chain.from_iterable(map(_variables, present))))
    declared = [d for d in operation.variable_definitions or () if d.variable.name.value in used]
    digest = blake2b(digest_size=16)
    for node in (*declared, *present):
        digest.update(strip_ignored_characters(print_ast(node)).encode() + b"\0")
    return Selection(digest.digest(), tuple(used))


def _variables(node: Node) -> set[str]:
    names: set[str] = set()

    class Collect(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names.add(node.name.value)

    visit(node, Collect())
    return names
