"""Finds keys that no configuration has, and the one that was meant."""

from collections.abc import Iterator
from difflib import get_close_matches

from msgspec import inspect

from gateway.server.config.document import Located


def unknown_keys(document: Located, expected: inspect.Type) -> Iterator[tuple[str, int]]:
    """A message and a line for every key of `document` that `expected` does not name."""
    match expected:
        case inspect.StructType(fields=fields):
            types = {field.encode_name: field.type for field in fields}
            for key, member in document.members.items():
                if key in types:
                    yield from unknown_keys(member, types[str(key)])
                else:
                    yield _message(str(key), list(types)), member.line
        case inspect.DictType(value_type=value_type) | inspect.VarTupleType(item_type=value_type):
            for member in document.members.values():
                yield from unknown_keys(member, value_type)
        case inspect.UnionType(types=types_):
            for option in types_:
                yield from unknown_keys(document, option)


def _message(key: str, known: list[str]) -> str:
    nearest = get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean `{nearest[0]}`?" if nearest else f"known here: {', '.join(sorted(known))}"
    return f"Unknown key `{key}`; {hint}"
