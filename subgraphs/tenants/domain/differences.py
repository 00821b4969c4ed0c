"""How two documents differ, leaf by leaf. Routes are told apart by their names, whatever their order."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from subgraphs.tenants.domain.configurations import Document


class Kind(StrEnum):
    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"


class Difference(Struct, frozen=True):
    """`place` is a path such as `routes[orders].prefix`; the values are JSON, None where there was, or is, nothing."""

    place: str
    kind: Kind
    before: str | None
    after: str | None


def differences(before: Document | None, after: Document) -> list[Difference]:
    """What has to change for the one to become the other, by place."""
    old, new = _tree(before or Document()), _tree(after)
    return sorted(_walk("", old, new), key=lambda difference: difference.place)


def _tree(document: Document) -> dict[str, Any]:
    tree: dict[str, Any] = msgspec.to_builtins(document)
    routes = tree.get("routes", ())
    by_name = {f"[{route['name']}]": route for route in routes}
    return {**tree, "routes": by_name} if by_name else tree


def _walk(place: str, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            inner = f"{place}{key}" if key.startswith("[") or not place else f"{place}.{key}"
            yield from _walk(inner, before.get(key), after.get(key))
        return
    kind = Kind.ADDED if before is None else Kind.REMOVED if after is None else Kind.CHANGED
    yield Difference(place, kind, _json(before), _json(after))


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
