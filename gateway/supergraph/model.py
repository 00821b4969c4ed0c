"""What a supergraph SDL says, as immutable values: which subgraph has what.

Names of subgraphs are those of `@join__graph(name:)`. Nothing here depends on an operation or on override
labels: `query_graph` decides by them which subgraph resolves a field.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Kind = Literal["OBJECT", "INTERFACE", "UNION", "ENUM", "SCALAR", "INPUT_OBJECT"]


class SubgraphInfo(Struct, frozen=True):
    """A subgraph: its name, its routing URL (may be empty) and its value in the enum `join__Graph`."""

    name: str
    url: str
    graph: str


class TypeReference(Struct, frozen=True):
    """A type as it is written, such as `[Product!]!`, with its named type and the nesting of its lists."""

    text: str
    name: str
    depth: int

    @classmethod
    def parse(cls, text: str) -> "TypeReference":
        return cls(text, text.strip("[]! \n"), text.count("["))

    @property
    def non_null(self) -> bool:
        return self.text.endswith("!")


class JoinKey(Struct, frozen=True):
    """A `@key` of a type in one subgraph; `fields` is the text of its field set."""

    fields: str
    resolvable: bool


class JoinType(Struct, frozen=True):
    """How one subgraph declares a type."""

    keys: tuple[JoinKey, ...]
    interface_object: bool


class ContextArgument(Struct, frozen=True):
    """An argument that the router fills from an ancestor (`@fromContext`).

    `selection` is a field set on the types that set `context`; it may have a fragment for each of them.
    """

    name: str
    type: str
    context: str
    selection: str


class JoinField(Struct, frozen=True):
    """How one subgraph declares a field; `type` only where it differs from the supergraph's."""

    requires: str | None = None
    provides: str | None = None
    type: TypeReference | None = None
    external: bool = False
    override: str | None = None
    override_label: str | None = None
    used_overridden: bool = False
    context_arguments: tuple[ContextArgument, ...] = ()

    def resolves(self, override_labels: frozenset[str]) -> bool:
        """Whether the subgraph resolves the field while `override_labels` are on.

        A label moves the field to the subgraph that overrides while it is on, and leaves it with the
        overridden one while it is off.
        """
        if self.external:
            return False
        if self.override_label is None:
            return not self.used_overridden
        return (self.override_label in override_labels) is (self.override is not None)


class SupergraphField(Struct, frozen=True):
    """A field of an object or interface type and, by subgraph, who declares it."""

    name: str
    type: TypeReference
    joins: Mapping[str, JoinField]


class SupergraphType(Struct, frozen=True):
    """A type of the supergraph with its parts by subgraph; `contexts` are those that its objects set (@context)."""

    name: str
    kind: Kind
    joins: Mapping[str, JoinType]
    fields: Mapping[str, SupergraphField]
    interfaces: Mapping[str, frozenset[str]]
    members: Mapping[str, frozenset[str]]
    values: Mapping[str, frozenset[str]]
    all_interfaces: frozenset[str]
    all_members: frozenset[str]
    contexts: frozenset[str]
