"""The control plane over HTTP: see `control`."""

import logging
from typing import TypeVar

import msgspec
from msgspec import Struct

from common.http import Request, Transport, TransportError
from common.settings import Secret
from subgraphs.tenants.dataplane.config import KeyFacts
from subgraphs.tenants.dataplane.control import (
    CHANGES,
    FIND_KEY,
    USAGE,
    Changes,
    ChangesAfter,
    ControlPlaneUnavailableError,
    FindKey,
    FoundKey,
    UsageBatch,
    UsageTaken,
)

AnswerT = TypeVar("AnswerT", bound=Struct)

_log = logging.getLogger("hansa.proxy")
_GRACE = 5.0
"""Seconds that an answer may take beyond what it was asked to be held back."""


class _MalformedAnswerError(ControlPlaneUnavailableError):
    """It did answer, and not as it should."""


class HttpControlPlane:
    """See `ControlPlane`. `wait` is how long the control plane may hold back an answer without changes, in seconds."""

    def __init__(self, transport: Transport, token: Secret, *, wait: float) -> None:
        self._transport = transport
        self._headers = (
            ("authorization", f"Bearer {token.reveal()}"),
            ("content-type", "application/json"),
        )
        self._wait = wait

    async def changes(self, after: int) -> Changes:
        asked = ChangesAfter(after, self._wait)
        return await self._ask(CHANGES, asked, Changes, self._wait + _GRACE)

    async def find(self, key_hash: str) -> KeyFacts | None:
        try:
            return (await self._ask(FIND_KEY, FindKey(key_hash), FoundKey, _GRACE)).facts
        except _MalformedAnswerError as error:  # of this key alone: others are still to be found
            _log.error("A key does not count, since its facts do not fit: %s", error)
            return None

    async def take_usage(self, batch: UsageBatch) -> None:
        taken = await self._ask(USAGE, batch, UsageTaken, _GRACE)
        if taken.id != batch.id:
            raise ControlPlaneUnavailableError(f"it took {taken.id} instead of {batch.id}")

    async def _ask(self, path: str, asked: Struct, kind: type[AnswerT], seconds: float) -> AnswerT:
        request = Request(path, msgspec.json.encode(asked), headers=self._headers, idempotent=True)
        try:
            response = await self._transport.send(request, timeout=seconds)
        except TransportError as error:
            raise ControlPlaneUnavailableError(str(error)) from error
        if response.status != 200:
            raise ControlPlaneUnavailableError(f"{path} answered {response.status}")
        try:
            return msgspec.json.decode(response.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _MalformedAnswerError(f"{path} answered what does not fit: {error}") from error
