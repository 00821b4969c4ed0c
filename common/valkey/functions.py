"""A library of Valkey functions, loaded where it is missing."""

import hashlib
from collections.abc import Sequence

from common.valkey.errors import ReplyError, ValkeyUnavailableError
from common.valkey.link import ValkeyLink
from common.valkey.opening import Valkey


class FunctionLibrary:
    """One function in a library of its own, named after what it is: versions live side by side while a release rolls out.

    Args:
        link: to the server, or the cluster.
        name: what it is called, before the digest.
        source: its code, in which `LIBRARY` stands for the name of the library and of its one function.
    """

    def __init__(self, link: Valkey, name: str, source: str) -> None:
        digest = hashlib.sha256(source.encode()).hexdigest()
        self.name = f"{name}_{digest[:12]}"
        self.source = source.replace("LIBRARY", self.name)
        self._link = link

    async def load(self, server: ValkeyLink) -> None:
        """Load it, as the first call would. Raises as `ValkeyLink.call` does."""
        await server.call("FUNCTION", "LOAD", "REPLACE", self.source)

    async def call(self, keys: Sequence[str], payload: bytes) -> bytes:
        """What the function answers. The keys are of one slot, and at least one.

        Raises:
            ValkeyUnavailableError: it did not answer; whether it ran is unknown.
        """
        try:
            return await self._call(keys, payload)
        except ReplyError as error:
            raise ValkeyUnavailableError(f"Valkey refuses: {error}") from error

    async def _call(self, keys: Sequence[str], payload: bytes) -> bytes:
        call: tuple[str | bytes | int, ...] = ("FCALL", self.name, len(keys), *keys, payload)
        try:
            answer: bytes = await self._link.ask(*call)
        except ReplyError as error:
            if "Function not found" not in str(error):
                raise
            await self.load(error.server)  # which is new, or was emptied; it did nothing yet
            answer = await self._link.ask(*call)
        return answer
