"""What a caller may not see of an operation: the values that planning and execution share about it.

A refused field stays in its document, marked by a directive that no client can write: subgraphs are not asked for it,
the answer has null in its place. `authorization` says which fields those are.
"""

from graphql import DirectiveNode, FieldNode, NameNode
from msgspec import Struct

from gateway.planning.selection import Conditions
from gateway.supergraph.authorization import NO_GUARDS, Guards

_MARK = DirectiveNode(name=NameNode(value="hansa__refused"), arguments=())


class Refusal(Struct, frozen=True):
    """The guards of an operation that a caller does not pass; unless it `withholds`, fields are told but not refused."""

    guards: Guards = NO_GUARDS
    withholds: bool = True


class RefusedPath(Struct, frozen=True):
    """A position of the answer that is refused where one of `conditions` holds.

    `path` has response keys, and `@` for a list, as Apollo writes it.
    """

    path: tuple[str, ...]
    conditions: tuple[Conditions, ...]


NOTHING_REFUSED = Refusal()


def marked(node: FieldNode) -> FieldNode:
    """The field as a refused one."""
    members = {key: getattr(node, key) for key in node.keys}
    return FieldNode(**(members | {"directives": (*(node.directives or ()), _MARK)}))


def is_refused(node: FieldNode) -> bool:
    """Whether the field is marked."""
    return _MARK in (node.directives or ())
