"""Decisions by Valkey: those of one tick together, each atomic, at the server's time."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from common.batching import Batcher
from common.errors import OverloadedError
from common.valkey import (
    FunctionLibrary,
    ReplyError,
    SlotMovingError,
    Valkey,
    ValkeyLink,
    ValkeyUnavailableError,
)
from subgraphs.ratelimit.domain.model import STALE, Answer, Decision
from subgraphs.ratelimit.engine.protocol import SOURCE, decode_answers, encode_decisions, keys_of

_log = logging.getLogger("hansa.ratelimit")

_IN_FLIGHT = 4


_Batcher = Batcher[Decision, tuple[int, Answer]]


class ValkeyEngine:
    """limits.lua behind a batcher, or in a cluster one for each slot: a call of a function is about keys of one slot."""

    def __init__(self, link: Valkey) -> None:
        self._link = link
        self._library = FunctionLibrary(link, "ratelimit", SOURCE)
        self._batchers: dict[int, _Batcher] = {}

    async def decide(self, decision: Callable[[int], Decision]) -> Answer:
        """The answer to a decision, which is made for a time: what this machine takes for now, and if a calendar's windows are not
        those of the server's time, for that.

        Raises:
            ValkeyUnavailableError: there is none; what was asked may have been done.
        """
        try:
            now, answer = await self._submit(decision(time.time_ns() // 1_000))
            if answer.verdict == STALE:
                _, answer = await self._submit(decision(now))
        except OverloadedError as error:
            raise ValkeyUnavailableError(error.message) from error
        return answer

    async def read(self, key: str) -> str | None:
        """The text that is kept under `key`.

        Raises:
            ValkeyUnavailableError: it cannot be read now.
        """
        try:
            text: bytes | None = await self._link.call("GET", key)
        except ReplyError as error:
            raise ValkeyUnavailableError(f"Valkey refuses: {error}") from error
        return None if text is None else text.decode()

    async def load(self) -> None:
        """Load the library, and see that Valkey keeps what it is given, each of its primaries.

        Raises:
            EvictionError: one does not.
            ReplyError, ValkeyUnavailableError: one cannot be asked.
        """
        for server in await self._link.servers():
            told = _read_info(await server.call("INFO", "memory", "persistence"))
            _refuse_eviction(told)
            _warn_of_forgetting(told, server)
            await self._library.load(server)

    async def close(self) -> None:
        """Wait for what was asked, and hang up."""
        for batcher in self._batchers.values():
            await batcher.close()
        await self._link.close()

    def _submit(self, decision: Decision) -> asyncio.Future[tuple[int, Answer]]:
        slot = self._link.slot(decision.calls[0].key)
        batcher = self._batchers.get(slot)
        if batcher is None:
            batcher = self._batchers[slot] = Batcher(self._ask, in_flight=_IN_FLIGHT)
        return batcher.submit(decision)

    async def _ask(self, decisions: Sequence[Decision]) -> Sequence[tuple[int, Answer] | Exception]:
        try:
            return await self._ask_together(decisions)
        except SlotMovingError:
            if len(decisions) == 1:
                raise
            return await asyncio.gather(*map(self._ask_alone, decisions))

    async def _ask_alone(self, decision: Decision) -> tuple[int, Answer] | Exception:
        """Its answer, wherever its keys are now; the error where they are on two nodes."""
        try:
            return (await self._ask_together([decision]))[0]
        except ValkeyUnavailableError as error:
            return error

    async def _ask_together(self, decisions: Sequence[Decision]) -> list[tuple[int, Answer]]:
        payload = encode_decisions(0, decisions)
        now, answers = decode_answers(await self._library.call(keys_of(decisions), payload))
        return [(now, answer) for answer in answers]


@contextmanager
def required() -> Iterator[None]:
    """Where nothing can be said without Valkey. Raises OverloadedError if it does not answer."""
    try:
        yield
    except ValkeyUnavailableError as error:
        raise OverloadedError("The limits cannot be reached now; try again in a moment") from error


class EvictionError(Exception):
    """Valkey is set to forget keys when its memory is full, which would forget charges: limits would not hold."""


def _read_info(reply: bytes) -> dict[str, str]:
    lines = reply.decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _refuse_eviction(told: Mapping[str, str]) -> None:
    """Raise EvictionError unless the server has no bound to its memory, or `maxmemory-policy noeviction`."""
    policy = told.get("maxmemory_policy", "noeviction")
    if told.get("maxmemory", "0") != "0" and policy != "noeviction":
        raise EvictionError(f"Set maxmemory-policy of Valkey to noeviction; it is {policy}")


def _warn_of_forgetting(told: Mapping[str, str], server: ValkeyLink) -> None:
    if told.get("aof_enabled") == "0":
        _log.warning(
            "The Valkey at %s has no append-only file: what was charged is forgotten when it ends (set appendonly to yes)",
            server.address.path or f"{server.address.host}:{server.address.port}",
        )
