"""Merging what several fetches know of one object."""

from typing import Any

from gateway.execution.paths import Object

_CONTAINERS = (dict, list)


def merge(target: Object, source: Object) -> None:
    """Adds the members of `source` to `target`: objects member by member, lists by position.

    A null never replaces an object or a list. `target` may come to share parts of `source`.
    """
    for key, value in source.items():
        existing = target.get(key)
        if existing.__class__ in _CONTAINERS:
            _merge_container(existing, value)
        else:
            target[key] = value


def _merge_container(existing: Any, value: Any) -> None:
    if existing.__class__ is not value.__class__:
        return
    if existing.__class__ is dict:
        merge(existing, value)
        return
    for index, (old, new) in enumerate(zip(existing, value, strict=False)):
        if old.__class__ in _CONTAINERS:
            _merge_container(old, new)
        else:
            existing[index] = new


def copy(value: Any) -> Any:
    """A copy with objects and lists of its own, down to the leaves."""
    if value.__class__ is dict:
        return {
            key: copy(member) if member.__class__ in _CONTAINERS else member for key, member in value.items()
        }
    if value.__class__ is list:
        return [copy(element) if element.__class__ in _CONTAINERS else element for element in value]
    return value


def is_plain(value: Object) -> bool:
    """Whether all members are leaves and none is null: then `update` merges it."""
    return not any(member is None or member.__class__ in _CONTAINERS for member in value.values())


def has_containers(value: Object) -> bool:
    """Whether a member is an object or a list."""
    return any(member.__class__ in _CONTAINERS for member in value.values())
