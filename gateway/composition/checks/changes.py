"""The changes between two API schemas, found by graphql-core, with their coordinates and the operations that use them."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from graphql import GraphQLSchema
from graphql.utilities import BreakingChange, DangerousChange, SchemaChange, find_schema_changes
from msgspec import Struct

Level = Literal["BREAKING", "DANGEROUS", "SAFE"]

_ELEMENT = r"@?\w+(?:\.\w+)?(?:\(\w+:\))?"
_OF_TYPE = re.compile(
    rf"(?:implemented by|union type) ({_ELEMENT})|({_ELEMENT}) no longer implements|from (@\w+)\.$|to (@\w+)\.$"
)
_SAID_LATE = re.compile("UNION|INTERFACE|LOCATION|REPEATABLE")
_LEADING = re.compile(
    rf"(?:A required |An optional |Description of |Standard scalar |Repeatable flag was \w+ \w+ )?"
    rf"(?:Directive |[Ff]ield |[Aa]rgument |[Ee]num value |input-field )?({_ELEMENT})"
)
_FELT_BY_OWNER = frozenset(
    (
        "REQUIRED_INPUT_FIELD_ADDED",
        "OPTIONAL_INPUT_FIELD_ADDED",
        "INPUT_FIELD_DEFAULT_VALUE_CHANGE",
        "REQUIRED_ARG_ADDED",
        "OPTIONAL_ARG_ADDED",
        "ARG_DEFAULT_VALUE_CHANGE",
        "REQUIRED_DIRECTIVE_ARG_ADDED",
        "VALUE_ADDED_TO_ENUM",
    )
)


class Change(Struct, frozen=True, kw_only=True):
    """A change of the API; `operations` are those that use what changed, None where none were given to look at."""

    level: Level
    type: str
    coordinate: str
    message: str
    operations: tuple[str, ...] | None = None


def compare(
    old: GraphQLSchema, new: GraphQLSchema, used: Mapping[str, frozenset[str]] | None = None
) -> tuple[Change, ...]:
    """The changes from one API schema to the next, the worst first.

    `used` gives the coordinates that each operation uses; with it, a change that no operation feels is SAFE.
    """
    changes = [_change(each, used) for each in find_schema_changes(old, new)]
    order = ("BREAKING", "DANGEROUS", "SAFE")
    return tuple(sorted(changes, key=lambda each: (order.index(each.level), each.coordinate, each.type)))


def _change(found: SchemaChange, used: Mapping[str, frozenset[str]] | None) -> Change:
    coordinate = coordinate_of(found)
    level = _level(found)
    operations = None
    if used is not None:
        felt = set(_felt_at(found, coordinate))
        operations = tuple(sorted(name for name, coordinates in used.items() if coordinates & felt))
        level = level if operations else "SAFE"
    return Change(
        level=level,
        type=found.type.name,
        coordinate=coordinate,
        message=found.description,
        operations=operations,
    )


def _level(found: SchemaChange) -> Level:
    if isinstance(found, BreakingChange):
        return "BREAKING"
    return "DANGEROUS" if isinstance(found, DangerousChange) else "SAFE"


def coordinate_of(found: SchemaChange) -> str:
    """The schema coordinate of what changed; graphql-core says it only within its sentence."""
    owner = _OF_TYPE.search(found.description) if _SAID_LATE.search(found.type.name) else None
    if owner is not None:
        return next(name for name in owner.groups() if name is not None)
    leading = _LEADING.match(found.description)
    return leading[1] if leading is not None else ""


def _felt_at(found: SchemaChange, coordinate: str) -> Iterator[str]:
    """What an operation has to use for it to feel the change: what is new is felt where what it is on is used."""
    if found.type.name not in _FELT_BY_OWNER:
        yield coordinate
    elif coordinate.endswith(")"):
        yield coordinate.partition("(")[0]
    else:
        yield coordinate.partition(".")[0]
