"""The typed model that every step of composition works on: one `Schema` a subgraph, and one for the supergraph.

It is a plain mutable tree. A directive application knows which core feature it belongs to (`core`), so that no rule
has to care under which name a subgraph imported `@key`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from graphql.pyutils import Undefined, UndefinedType

from gateway.composition.model.value import Value
from gateway.composition.result import SourceLocation

BUILT_IN_SCALARS = ("Int", "Float", "String", "Boolean", "ID")
ROOT_NAMES = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}


class Kind(StrEnum):
    """Kinds of types; the value is the name that messages use."""

    SCALAR = "Scalar Type"
    OBJECT = "Object Type"
    INTERFACE = "Interface Type"
    UNION = "Union Type"
    ENUM = "Enum Type"
    INPUT = "Input Object Type"


@dataclass(slots=True)
class Application:
    """A directive applied to an element; `core` is its canonical name when it comes from a known specification."""

    name: str
    arguments: dict[str, Value]
    core: str | None = None
    location: SourceLocation | None = None
    extension: bool = False


@dataclass(slots=True, kw_only=True)
class Element:
    """What has a name, a description, a place in the source and directives applied to it."""

    name: str
    description: str | None = None
    applications: list[Application] = field(default_factory=list)
    location: SourceLocation | None = None

    def applied(self, name: str) -> list[Application]:
        """The applications of the core directive of this canonical name."""
        return [application for application in self.applications if application.core == name]

    def has(self, name: str) -> bool:
        return any(application.core == name for application in self.applications)

    def remove(self, name: str) -> None:
        self.applications = [application for application in self.applications if application.core != name]


@dataclass(slots=True, kw_only=True)
class InputValue(Element):
    """An argument or an input field."""

    type: str
    default: Value | UndefinedType = Undefined
    coordinate: str

    @property
    def has_default(self) -> bool:
        return self.default is not Undefined

    @property
    def required(self) -> bool:
        return self.type.endswith("!") and not self.has_default


@dataclass(slots=True, kw_only=True)
class Field(Element):
    """A field of an object or interface type."""

    type: str
    arguments: dict[str, InputValue] = field(default_factory=dict)
    parent: str
    extension: bool = False

    @property
    def coordinate(self) -> str:
        return f"{self.parent}.{self.name}"


@dataclass(slots=True, kw_only=True)
class EnumValue(Element):
    """A value of an enum type."""

    coordinate: str


@dataclass(slots=True, kw_only=True)
class Type(Element):
    """A named type of any kind; the members that its kind does not have stay empty."""

    kind: Kind
    fields: dict[str, Field] = field(default_factory=dict)
    inputs: dict[str, InputValue] = field(default_factory=dict)
    values: dict[str, EnumValue] = field(default_factory=dict)
    members: dict[str, SourceLocation | None] = field(default_factory=dict)
    interfaces: dict[str, SourceLocation | None] = field(default_factory=dict)
    defined: bool = True
    extended: bool = False

    @property
    def coordinate(self) -> str:
        return self.name

    @property
    def is_composite(self) -> bool:
        return self.kind in {Kind.OBJECT, Kind.INTERFACE, Kind.UNION}

    @property
    def is_interface_object(self) -> bool:
        return self.kind is Kind.OBJECT and self.has("interfaceObject")

    @property
    def is_extension(self) -> bool:
        """Whether the subgraph only extends the type, by keyword or by `@extends`."""
        return (self.extended and not self.defined) or self.has("extends")


@dataclass(slots=True, kw_only=True)
class DirectiveDefinition(Element):
    """The definition of a directive."""

    arguments: dict[str, InputValue] = field(default_factory=dict)
    locations: tuple[str, ...] = ()
    repeatable: bool = False
    core: str | None = None
    built_in: bool = False

    @property
    def coordinate(self) -> str:
        return f"@{self.name}"

    def with_defaults(self, arguments: dict[str, Value]) -> dict[str, Value]:
        """The arguments of an application, completed with the defaults of the definition."""
        defaults = {
            name: each.default for name, each in self.arguments.items() if each.default is not Undefined
        }
        return defaults | arguments


@dataclass(slots=True, kw_only=True)
class Schema(Element):
    """A whole schema; `name` is the subgraph's. `roots` maps query, mutation and subscription to type names.

    `machinery` names what only serves specifications and never reaches the API: types such as `federation__FieldSet`
    and, written with their "@", composed directives.
    """

    machinery: set[str] = field(default_factory=set)
    types: dict[str, Type] = field(default_factory=dict)
    directives: dict[str, DirectiveDefinition] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)

    @property
    def coordinate(self) -> str:
        return "schema"

    def of_kind(self, *kinds: Kind) -> Iterator[Type]:
        return (
            each for each in self.types.values() if each.kind in kinds and each.name not in self.machinery
        )

    def elements(self) -> Iterator[Element]:
        """Every element that directives may be applied to, arguments of directives apart."""
        yield self
        for each in self.types.values():
            yield each
            yield from each.values.values()
            yield from each.inputs.values()
            yield from each.fields.values()
            for owner in each.fields.values():
                yield from owner.arguments.values()

    def is_composite(self, name: str) -> bool:
        """Whether the name is that of an object, interface or union type."""
        found = self.types.get(name)
        return found is not None and found.is_composite

    def implementations(self, interface: str) -> list[Type]:
        """The object types that implement the interface in this schema."""
        return [
            each for each in self.types.values() if each.kind is Kind.OBJECT and interface in each.interfaces
        ]

    def possible_types(self, name: str) -> list[str]:
        """The names of the object types that a value of the composite type may have at run time."""
        composite = self.types[name]
        if composite.kind is Kind.UNION:
            return list(composite.members)
        if composite.kind is Kind.INTERFACE:
            return [each.name for each in self.implementations(name)]
        return [name]

    def field(self, parent: str, name: str) -> Field | None:
        owner = self.types.get(parent)
        return owner.fields.get(name) if owner else None
