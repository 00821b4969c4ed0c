"""Names of GraphQL as names of Python."""

import keyword
import re
from collections.abc import Container

_TAKEN = frozenset(dir(str)) | {"name", "value", "mro"}
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
ANNOTATIONS = frozenset({"bool", "field", "float", "int", "list", "str"})
"""What annotations in a class's body mean, and no member of it may be called."""


def snake_case(name: str, taken: Container[str] = ()) -> str:
    """`fullName` as `full_name`; with an underscore at its end where it is a keyword or `taken`."""
    found = _WORD.sub("_", name).lower()
    found = found.lstrip("_") or found
    if found[0].isdigit():
        found = f"_{found}"
    while keyword.iskeyword(found) or keyword.issoftkeyword(found) or found in taken:
        found += "_"
    return found


def pascal_case(name: str) -> str:
    """`full_name` and `fullName` as `FullName`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) or name


def member_name(name: str) -> str:
    """The name of an enum's member; one that a text has of its own would not do."""
    return f"{name}_" if keyword.iskeyword(name) or name in _TAKEN else name
