"""What of a request is to be fetched, since it was not found."""

from typing import TypeAlias

from msgspec import Struct

from common.http import Request
from gateway.server.response_cache.requests import Requested
from gateway.server.response_cache.scopes import Scopes
from gateway.server.response_cache.valkey import Version

MissingKey: TypeAlias = tuple[bytes, bytes, bytes | None, int, int]


class Missing(Struct, frozen=True):
    """Some items of a request, by their numbers, for a caller, after a lookup."""

    document: str
    requested: Requested
    numbers: list[int]
    scopes: Scopes
    version: Version

    @property
    def is_all(self) -> bool:
        return len(self.numbers) == len(self.requested.items)

    def key(self, asked: Request) -> MissingKey:
        """Equal for those who may be given the answer to the same request."""
        version = self.version
        return asked.body, self.scopes.own, self.scopes.private, version.epoch, version.floor
