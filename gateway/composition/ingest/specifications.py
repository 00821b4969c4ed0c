"""The core specifications that composition knows: their directives by version, and what each is called.

A directive's definition is kept as SDL with `{ns}` where its types are named inside the specification's namespace.
"""

from typing import NamedTuple

APOLLO = "https://specs.apollo.dev"
FEDERATION = f"{APOLLO}/federation"
LINK = f"{APOLLO}/link"
CORE = f"{APOLLO}/core"
CONNECT = f"{APOLLO}/connect"

Version = tuple[int, int]

FEDERATION_VERSIONS: tuple[Version, ...] = tuple((2, minor) for minor in range(16))
UPGRADED_VERSION: Version = (2, 4)  # whose directives a federation 1 subgraph may use by defining them
AUTHORIZATION = ("authenticated", "requiresScopes", "policy")

_TAGGABLE = (
    "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE"
    " | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
)
_GUARDED = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"
_COSTED = "ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR"


class SpecifiedDirective(NamedTuple):
    """A directive of a specification: the federation version it came with, and its definition without the name."""

    name: str
    since: Version
    definition: str


_DIRECTIVES = (
    SpecifiedDirective(
        "key", (2, 0), "(fields: {ns}FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE"
    ),
    SpecifiedDirective("requires", (2, 0), "(fields: {ns}FieldSet!) on FIELD_DEFINITION"),
    SpecifiedDirective("provides", (2, 0), "(fields: {ns}FieldSet!) on FIELD_DEFINITION"),
    SpecifiedDirective("external", (2, 0), "(reason: String) on OBJECT | FIELD_DEFINITION"),
    SpecifiedDirective("extends", (2, 0), "on OBJECT | INTERFACE"),
    SpecifiedDirective("tag", (2, 0), f"(name: String!) repeatable on {_TAGGABLE}"),
    SpecifiedDirective("tag", (2, 3), f"(name: String!) repeatable on {_TAGGABLE} | SCHEMA"),
    SpecifiedDirective("inaccessible", (2, 0), f"on {_TAGGABLE}"),
    SpecifiedDirective("shareable", (2, 0), "on OBJECT | FIELD_DEFINITION"),
    SpecifiedDirective("shareable", (2, 2), "repeatable on OBJECT | FIELD_DEFINITION"),
    SpecifiedDirective("override", (2, 0), "(from: String!) on FIELD_DEFINITION"),
    SpecifiedDirective("override", (2, 7), "(from: String!, label: String) on FIELD_DEFINITION"),
    SpecifiedDirective("composeDirective", (2, 1), "(name: String) repeatable on SCHEMA"),
    SpecifiedDirective("interfaceObject", (2, 3), "on OBJECT"),
    SpecifiedDirective("authenticated", (2, 5), f"on {_GUARDED}"),
    SpecifiedDirective("requiresScopes", (2, 5), f"(scopes: [[{{ns}}Scope!]!]!) on {_GUARDED}"),
    SpecifiedDirective("policy", (2, 6), f"(policies: [[{{ns}}Policy!]!]!) on {_GUARDED}"),
    SpecifiedDirective("context", (2, 8), "(name: String!) repeatable on INTERFACE | OBJECT | UNION"),
    SpecifiedDirective("fromContext", (2, 8), "(field: {ns}ContextFieldValue) on ARGUMENT_DEFINITION"),
    SpecifiedDirective("cost", (2, 9), f"(weight: Int!) on {_COSTED}"),
    SpecifiedDirective(
        "listSize",
        (2, 9),
        "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],"
        " requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
    SpecifiedDirective(
        "cacheTag", (2, 12), "(format: String!) repeatable on OBJECT | INTERFACE | FIELD_DEFINITION"
    ),
)

_SCALARS = (("FieldSet", (2, 0)), ("Scope", (2, 5)), ("Policy", (2, 6)), ("ContextFieldValue", (2, 8)))

_FEDERATION_1 = ("key", "requires", "provides", "external", "extends", "tag")


IMPLIED_VERSIONS: dict[str, Version] = {
    f"{APOLLO}/authenticated": (2, 5),
    f"{APOLLO}/cost": (2, 9),
}
"""The federation version that linking one of these on its own stands for."""


class Specification(NamedTuple):
    """A core specification other than federation that a subgraph may link on its own."""

    versions: tuple[Version, ...]
    directives: tuple[str, ...]
    scalars: tuple[str, ...] = ()


SPECIFICATIONS: dict[str, Specification] = {
    f"{APOLLO}/tag": Specification(((0, 1), (0, 2), (0, 3)), ("tag",)),
    f"{APOLLO}/inaccessible": Specification(((0, 1), (0, 2)), ("inaccessible",)),
    f"{APOLLO}/authenticated": Specification(((0, 1),), ("authenticated",)),
    f"{APOLLO}/requiresScopes": Specification(((0, 1),), ("requiresScopes",), ("Scope",)),
    f"{APOLLO}/policy": Specification(((0, 1),), ("policy",), ("Policy",)),
    f"{APOLLO}/context": Specification(((0, 1),), ("context", "fromContext"), ("ContextFieldValue",)),
    f"{APOLLO}/cost": Specification(((0, 1),), ("cost", "listSize")),
    f"{APOLLO}/cacheTag": Specification(((0, 1),), ("cacheTag",)),
}


def federation_directives(version: Version) -> dict[str, str]:
    """The directives of a federation version and their definitions, `{ns}` unfilled; (1, 0) is federation 1."""
    if version < (2, 0):
        return {
            each.name: each.definition
            for each in _DIRECTIVES
            if each.name in _FEDERATION_1 and each.since == (2, 0)
        }
    return {each.name: each.definition for each in _DIRECTIVES if each.since <= version}


def federation_scalars(version: Version) -> tuple[str, ...]:
    return tuple(name for name, since in _SCALARS if since <= version)


def directive_definition(name: str) -> str:
    """The newest definition of a directive, `{ns}` unfilled."""
    return next(each.definition for each in reversed(_DIRECTIVES) if each.name == name)
