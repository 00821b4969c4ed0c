"""Query plans for people: Apollo's QueryPlan notation.

`BatchFetch` is the notation for one request with several entity fetches, or with one for several paths.
"""

from collections.abc import Iterable
from textwrap import indent

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    parse,
    print_ast,
)

from gateway.planning.nesting import deep_nesting
from gateway.planning.plan import (
    Condition,
    Defer,
    Deferred,
    Each,
    EntityFetch,
    Fetch,
    Key,
    OfType,
    Parallel,
    Path,
    Representation,
    RequiredField,
    RequiredSelection,
    Sequence,
    Subscription,
    TopNode,
)

_INDENT = "  "


def print_plan(node: TopNode | None) -> str:
    """The plan in the QueryPlan notation."""
    with deep_nesting:
        return "QueryPlan {}" if node is None else _block("QueryPlan", [_print_node(node) + ","])


def _block(head: str, parts: Iterable[str]) -> str:
    return f"{head} {{\n{indent(chr(10).join(parts), _INDENT)}\n}}"


def _print_node(node: TopNode) -> str:
    match node:
        case Fetch():
            return _print_fetch(node)
        case Sequence(nodes):
            return _block("Sequence", [_print_node(inner) + "," for inner in nodes])
        case Parallel(nodes):
            return _block("Parallel", [_print_node(inner) + "," for inner in nodes])
        case Condition(variable, if_clause, else_clause):
            clauses = (("Include", if_clause), ("Skip", else_clause))
            return "\n".join(
                _block(f"{name}(if: ${variable})", [_print_node(clause)])
                for name, clause in clauses
                if clause
            )
        case Defer(primary, deferred):
            first = _block("Primary", [_print_node(primary)] if primary else [])
            later = "\n".join(_print_deferred(part) + "," for part in deferred)
            return _block("Defer", [f"{first}, [\n{indent(later, _INDENT)}\n]"])
        case Subscription(primary, rest):
            parts = {"Primary": primary, "Rest": rest}
            return _block(
                "Subscription",
                [_block(f"{name}:", [_print_node(part)]) + "," for name, part in parts.items() if part],
            )


def _print_deferred(part: Deferred) -> str:
    arguments = [
        f"depends: [{', '.join(map(str, part.depends))}]",
        f'path: "{"/".join(deferred_path(part))}"',
        *([] if part.label is None else [f'label: "{part.label}"']),
        *([] if part.variable is None else [f"if: ${part.variable}"]),
    ]
    nodes = [] if part.node is None else [_print_node(part.node)]
    return _block(f"Deferred({', '.join(arguments)})", [f"{print_ast(selected_by(part))}:", *nodes])


def deferred_path(part: Deferred) -> list[str]:
    """The response keys that lead to the objects of a deferred part."""
    return [step.name for step in part.path if isinstance(step, Key)]


def selected_by(part: Deferred) -> SelectionSetNode:
    """What a deferred part selects on its objects."""
    fragment = part.fragment
    if isinstance(fragment, FragmentSpreadNode):
        selected: SelectionNode = FragmentSpreadNode(name=fragment.name, directives=())
    elif fragment.type_condition is None:
        return fragment.selection_set
    else:
        selected = InlineFragmentNode(
            type_condition=fragment.type_condition, directives=(), selection_set=fragment.selection_set
        )
    return SelectionSetNode(selections=(selected,))


def _print_fetch(fetch: Fetch) -> str:
    operation, *others = parse(fetch.document, no_location=True).definitions
    assert isinstance(operation, OperationDefinitionNode)
    root, fragments = operation.selection_set, [print_ast(fragment) for fragment in others]
    head = f'Fetch(service: "{fetch.subgraph}")'
    if not fetch.entities:
        plain = _block(head, [print_ast(root), *fragments])
        return _flattened(fetch.path, plain) if fetch.path else plain
    if is_flatten(fetch):
        entity = fetch.entities[0]
        return _flattened(entity.paths[0], _block(head, [_print_entity(entity, root), *fragments]))
    parts = [
        _block(
            entity.alias,
            [f"paths: [{', '.join(_quoted(path) for path in entity.paths)}]", _print_entity(entity, root)],
        )
        for entity in fetch.entities
    ]
    return _block(f"Batch{head}", [_block("", parts).lstrip(), *fragments])


def _flattened(path: Path, node: str) -> str:
    return _block(f"Flatten(path: {_quoted(path)})", [node + ","])


def is_flatten(fetch: Fetch) -> bool:
    """Whether a fetch of entities is written as a `Flatten` with a path, and not as a batch."""
    return len(fetch.entities) == 1 and len(fetch.entities[0].paths) == 1


def _print_entity(entity: EntityFetch, root: SelectionSetNode) -> str:
    requires = _block("", [_print_representation(found) for found in entity.representations]).lstrip()
    return f"{requires} =>\n{print_ast(_answer_of(entity, root))}"


def _print_representation(representation: Representation) -> str:
    typename = representation.typename
    own = "__typename" if typename is None else f'__typename: "{typename}"'
    return _block(
        f"... on {representation.type_condition}", [own, *map(_print_required, representation.selections)]
    )


def _print_required(selection: RequiredSelection) -> str:
    if isinstance(selection, RequiredField):
        same = selection.name == selection.source
        head = selection.name if same else f"{selection.name}: {selection.source}"
    else:
        head = f"... on {selection.type_condition}"
    return _block(head, map(_print_required, selection.selections)) if selection.selections else head


def _quoted(path: Path) -> str:
    return f'"{path_text(path)}"'


def path_text(path: Path) -> str:
    """As Apollo writes it: `products.@.reviews`."""
    text = ""
    for step in path:
        match step:
            case Key(name):
                text += f".{name}"
            case Each():
                text += ".@"
            case OfType(types):
                text += f"|[{','.join(types)}]"
    return text.removeprefix(".")


def _answer_of(entity: EntityFetch, root: SelectionSetNode) -> SelectionSetNode:
    for node in root.selections:
        if (
            isinstance(node, FieldNode)
            and entity.alias == (node.alias or node.name).value
            and node.selection_set
        ):
            return node.selection_set
    raise LookupError(entity.alias)
