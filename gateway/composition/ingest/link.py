"""The specifications that a schema links, and the names that it knows their elements by.

See https://specs.apollo.dev/link/v1.0. A subgraph that links no federation 2 specification is a federation 1 one.
"""

from dataclasses import dataclass, field

from gateway.composition.ingest.specifications import (
    FEDERATION,
    IMPLIED_VERSIONS,
    SPECIFICATIONS,
    UPGRADED_VERSION,
    Version,
    federation_directives,
)
from gateway.composition.result import SourceLocation


@dataclass(slots=True)
class Link:
    """One linked specification; `imports` maps an element as specified to its local name, "@" included."""

    identity: str
    name: str
    version: Version
    namespace: str
    purpose: str | None = None
    imports: dict[str, str] = field(default_factory=dict)
    location: SourceLocation | None = None

    @property
    def url(self) -> str:
        return f"{self.identity}/v{self.version[0]}.{self.version[1]}"

    def directive(self, name: str) -> str:
        """The local name of a directive of this specification."""
        imported = self.imports.get(f"@{name}")
        if imported is not None:
            return imported[1:]
        return self.namespace if name == self.name else f"{self.namespace}__{name}"

    def type(self, name: str) -> str:
        """The local name of a type of this specification."""
        return self.imports.get(name, f"{self.namespace}__{name}")

    def specified(self, local: str) -> str | None:
        """The specified name of the directive that is called `local` here; None if it is not of this specification."""
        for element, imported in self.imports.items():
            if imported == f"@{local}":
                return element[1:]
        if local == self.namespace:
            return self.name
        return local.removeprefix(f"{self.namespace}__") if local.startswith(f"{self.namespace}__") else None


@dataclass(slots=True)
class Links:
    """All linked specifications of one schema."""

    by_identity: dict[str, Link] = field(default_factory=dict)

    @property
    def federation(self) -> Link | None:
        return self.by_identity.get(FEDERATION)

    @property
    def is_federation_2(self) -> bool:
        return self.federation is not None

    @property
    def federation_version(self) -> Version:
        return self.federation.version if self.federation else (1, 0)

    @property
    def implied_version(self) -> Version:
        """The federation version that the linked specifications ask for together."""
        implied = (IMPLIED_VERSIONS.get(identity, (0, 0)) for identity in self.by_identity)
        return max(self.federation_version, *implied) if self.by_identity else self.federation_version

    def known_directives(self, defined: set[str]) -> dict[str, str]:
        """Local directive names to canonical ones, for every specification that composition knows.

        A federation 1 subgraph may use early federation 2 directives if it brings their definitions: `defined`.
        """
        names: dict[str, str] = {}
        for identity, specification in SPECIFICATIONS.items():
            if link := self.by_identity.get(identity):
                names |= {link.directive(name): name for name in specification.directives}
        directives = set(federation_directives(self.federation_version))
        if self.federation is None:
            directives |= defined & set(federation_directives(UPGRADED_VERSION))
            return names | {name: name for name in directives - set(names.values())}
        return names | {self.federation.directive(name): name for name in directives}

    def source_of(self, directive: str) -> tuple[Link, str] | None:
        """The specification and specified name of a local directive name."""
        candidates = ((link, link.specified(directive)) for link in self.by_identity.values())
        return next(((link, name) for link, name in candidates if name is not None), None)
