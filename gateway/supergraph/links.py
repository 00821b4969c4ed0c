"""The specifications that a supergraph SDL links, and the names that their elements have in it.

Follows the link specification v1.0 and its forerunner core v0.1 and v0.2: `@link(url:, as:, import:, for:)`
on the schema gives each element of a specification a name of the form `prefix__element`, `@prefix`, or
whatever the import says.
"""

import re
from collections.abc import Iterator, Mapping

from graphql import (
    DirectiveNode,
    DocumentNode,
    ListValueNode,
    ObjectValueNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    ValueNode,
)
from msgspec import Struct

from gateway.supergraph.directives import argument_values, text_of
from gateway.supergraph.errors import SupergraphError

JOIN_VERSIONS = ("v0.2", "v0.3", "v0.4", "v0.5")
KNOWN_SPECS = frozenset(
    {
        "authenticated",
        "cacheTag",
        "connect",
        "context",
        "core",
        "cost",
        "inaccessible",
        "join",
        "link",
        "policy",
        "requiresScopes",
        "source",
        "tag",
    }
)
_SPEC_URL = re.compile(r"^(?P<identity>.*/(?P<name>[A-Za-z][\w-]*))/(?P<version>v\d+\.\d+)/?$")


class Link(Struct, frozen=True):
    """One linked specification; `imports` maps an element (with `@` for a directive) to its local name."""

    name: str
    version: str
    prefix: str
    imports: Mapping[str, str]

    def directive(self, name: str) -> str:
        """The local name, without `@`, of the specification's directive `name`."""
        if imported := self.imports.get(f"@{name}"):
            return imported[1:]
        return self.prefix if name == self.name else f"{self.prefix}__{name}"

    def type(self, name: str) -> str:
        return self.imports.get(name, f"{self.prefix}__{name}")


class Links(Struct, frozen=True):
    """All links of a supergraph by the specification's name."""

    by_name: Mapping[str, Link]

    def directive(self, spec: str, name: str | None = None) -> str | None:
        link = self.by_name.get(spec)
        return link.directive(name or spec) if link else None

    def owns(self, name: str) -> bool:
        """Whether a type or directive `name` belongs to a linked specification."""
        prefix, separator, _ = name.partition("__")
        return any(
            (separator and link.prefix == prefix) or name in link.imports.values()
            for link in self.by_name.values()
        )

    def owns_directive(self, name: str) -> bool:
        return self.owns(name) or any(
            name == link.prefix or f"@{name}" in link.imports.values() for link in self.by_name.values()
        )


def read_links(document: DocumentNode) -> Links:
    """The links of `document`; SupergraphError where one asks for what Hansa does not know."""
    found: dict[str, Link] = {}
    for directive in _link_directives(document):
        link = _read_link(directive)
        if link is not None:
            found.setdefault(link.name, link)
    if "join" not in found:
        raise SupergraphError(
            "INVALID_FEDERATION_SUPERGRAPH", "The schema links no join specification: it is no supergraph"
        )
    return Links(found)


def _link_directives(document: DocumentNode) -> Iterator[DirectiveNode]:
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
            for directive in definition.directives or ():
                arguments = argument_values(directive)
                url = text_of(arguments.get("url")) or text_of(arguments.get("feature"))
                if url is not None:
                    yield directive


def _read_link(directive: DirectiveNode) -> Link | None:
    arguments = argument_values(directive)
    url = text_of(arguments.get("url")) or text_of(arguments.get("feature")) or ""
    match = _SPEC_URL.match(url)
    name = match["name"] if match else url.rstrip("/").rsplit("/", 1)[-1]
    version = match["version"] if match else ""
    purpose = text_of(arguments.get("for"))
    if name == "join" and version not in JOIN_VERSIONS:
        raise SupergraphError.at(
            "UNSUPPORTED_FEDERATION_VERSION",
            f"Unsupported join specification {version or url} (supported: {', '.join(JOIN_VERSIONS)}); "
            "compose the subgraphs with Federation 2",
            directive,
        )
    if purpose in ("EXECUTION", "SECURITY") and (name not in KNOWN_SPECS or not match):
        raise SupergraphError.at(
            "UNSUPPORTED_LINKED_FEATURE",
            f"The linked feature {url} is needed for {purpose} and is not known",
            directive,
        )
    prefix = text_of(arguments.get("as")) or name
    return Link(name, version, prefix, dict(_imports(arguments.get("import")))) if name else None


def _imports(value: ValueNode | None) -> Iterator[tuple[str, str]]:
    for item in value.values if isinstance(value, ListValueNode) else ():
        if isinstance(item, StringValueNode):
            yield item.value, item.value
        elif isinstance(item, ObjectValueNode):
            members = {field.name.value: text_of(field.value) for field in item.fields}
            name = members.get("name")
            if name:
                yield name, members.get("as") or name
