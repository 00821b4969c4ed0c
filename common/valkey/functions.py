"""A library of Valkey functions, loaded when it is missing."""

import hashlib
from collections.abc import Sequence

from common.valkey.connection import ReplyError
from common.valkey.link import ValkeyLink, ValkeyUnavailableError


class FunctionLibrary:
    """One function in a library of its own, named after what it is: versions live side by side while a release rolls out.

    Args:
        link: to the server.
        name: what it is called, before the digest.
        source: its code, in which `LIBRARY` stands for the name of the library and of its one function.
    """

    def __init__(self, link: ValkeyLink, name: str, source: str) -> None:
        digest = hashlib.sha256(source.encode()).hexdigest()
        self.name = f"{name}_{digest[:12]}"
        self.source = source.replace("LIBRARY", self.name)
        self._link = link

    async def load(self) -> None:
        """Load it, as the first call would. Raises as `ValkeyLink.call` does."""
        await self._link.call("FUNCTION", "LOAD", "REPLACE", self.source)

    async def call(self, keys: Sequence[str], payload: bytes) -> bytes:
        """What the function answers.

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
            await self.load()  # a server that is new, or was emptied; it did nothing yet
            answer = await self._link.ask(*call)
        return answer
