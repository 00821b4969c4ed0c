"""Whose a host is: by its exact name first, else by the longest `*.` name above it."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")

_HOST = re.compile(
    rb"([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)\.?(:[0-9]{1,5})?"
)
_ADDRESS = re.compile(rb"(\[[0-9a-f:.]{2,45}\])(:[0-9]{1,5})?")
_MAX_LENGTH = 260


@lru_cache(maxsize=4096)
def host_of(field: bytes) -> str | None:
    """The name in a Host field (RFC 9110, section 7.2), in lower case and without its port; None where it is no host."""
    if len(field) > _MAX_LENGTH:
        return None
    lowered = field.lower()
    found = _HOST.fullmatch(lowered) or _ADDRESS.fullmatch(lowered)
    return found[1].decode() if found else None


class Hosts(Generic[T]):
    """What belongs to each host."""

    def __init__(self, owned: Iterable[tuple[str, T]]) -> None:
        self._exact: dict[str, T] = {}
        self._below: dict[str, T] = {}
        for host, value in owned:
            if host.startswith("*."):
                self._below[host.removeprefix("*.")] = value
            else:
                self._exact[host] = value

    def get(self, host: str) -> T | None:
        """What `host` belongs to."""
        found = self._exact.get(host)
        if found is not None or not self._below:
            return found
        return next((self._below[name] for name in _above(host) if name in self._below), None)


def _above(host: str) -> Iterator[str]:
    """The names above it, the longest first."""
    while "." in host:
        host = host.partition(".")[2]
        yield host
