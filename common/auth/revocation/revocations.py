"""The revocations that a verifier knows, and how old its knowledge is.

It follows identity's feed from the first token on: everything that counts at first, then what is new, within a fraction of
a second while identity answers. Each answer, also one without news, tells up to when nothing is missing.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from common.auth.errors import InvalidToken, Reason
from common.auth.revocation.errors import RevocationsStale
from common.auth.revocation.feed import CLAIMS, Cursor, FeedPage, Kind, RegionPage, mark
from common.auth.revocation.policy import StalePolicy
from common.http import Request, Transport, TransportError
from common.http.transport import path_of

_log = logging.getLogger(__name__)
_WAIT = 1.0  # seconds that the feed waits for news before it says that there are none
_TIMEOUT = 3.0
_RETRY = 0.5
_PACE = 0.02  # between two answers
_FIRST = 5.0  # seconds that the first tokens wait for the first answer
_SWEEP = 60.0
_HEADERS = (("traceparent", f"00-{'7e0c' * 8}-{'7e0c' * 4}-00"),)  # not sampled: it would be a trace a second
_ALWAYS = float("inf")
_NEVER = (float("-inf"), float("-inf"))


class Standing(Struct):
    """What can revoke one token, found once; `revision` says up to where it was looked up."""

    marks: tuple[str, ...]
    issued_at: float
    region: str
    limit: float
    revision: int = -1


class Revocations:
    """Follows the feed behind `transport`; `aclose` ends that."""

    def __init__(
        self,
        transport: Transport,
        policy: StalePolicy | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._path = path_of(transport.url)
        self._policy = policy or StalePolicy()
        self._clock = clock
        self._now = now
        self._revoked: dict[str, tuple[float, float]] = {}
        self._cursors: dict[str, Cursor] = {}
        self._heard_at: dict[str, float] = {}
        self._answered_at = float("-inf")
        self._swept_at = clock()
        self._revision = 0
        self._has_begun = asyncio.Event()
        self._wait_until = 0.0
        self._following: asyncio.Task[None] | None = None

    def standing(self, kid: str, claims: Mapping[str, Any]) -> Standing:
        """What can revoke a token; its region is the first part of its key id."""
        issued_at = claims.get("iat")
        named = ((kind, claims.get(claim)) for kind, claim in CLAIMS.items())
        return Standing(
            marks=(
                mark(Kind.KID, kid),
                *(mark(kind, value) for kind, value in named if isinstance(value, str)),
            ),
            issued_at=float(issued_at) if isinstance(issued_at, int | float) else 0.0,
            region=kid.rpartition(":")[0],
            limit=self._policy.limit(str(claims.get("scope", "")).split()),
        )

    async def ready(self) -> None:
        """Returns when the feed has been heard once, or will not be soon."""
        if self._following is None:
            self._wait_until = self._clock() + _FIRST
            self._following = asyncio.create_task(
                self._follow(), name=f"revocations of {self._transport.url}"
            )
        if not self._has_begun.is_set():
            try:
                async with asyncio.timeout(max(0, self._wait_until - self._clock())):
                    await self._has_begun.wait()
            except TimeoutError:
                _log.warning("Nothing is known of revocations yet")

    def check(self, standing: Standing) -> None:
        """Raises InvalidToken for a token that was revoked, RevocationsStale where that cannot be known."""
        if standing.revision != self._revision:
            if any(standing.issued_at <= self._revoked.get(each, _NEVER)[0] for each in standing.marks):
                raise InvalidToken(Reason.REVOKED)
            standing.revision = self._revision
        if self.staleness(standing.region) > standing.limit:
            raise RevocationsStale

    def staleness(self, region: str) -> float:
        """For how many seconds nothing was heard of a region; of who answers, where it tells of no such region."""
        return self._clock() - self._heard_at.get(region, self._answered_at)

    def take_over(self, other: "Revocations") -> None:
        """Begins with what another knows that follows the same feed."""
        self._revoked, self._cursors = other._revoked.copy(), other._cursors.copy()  # noqa: SLF001 - of its own class
        self._heard_at, self._answered_at = other._heard_at.copy(), other._answered_at  # noqa: SLF001 - the same
        if other._has_begun.is_set():  # noqa: SLF001 - the same
            self._has_begun.set()

    async def aclose(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self._transport.close()

    async def _follow(self) -> None:
        is_well = True
        while True:
            try:
                await self._advance()
                is_well = True
                await asyncio.sleep(_PACE)
            except (TransportError, msgspec.DecodeError, LookupError) as error:
                if is_well:
                    _log.warning("Revocations cannot be followed: %r", error)
                is_well = False
                await asyncio.sleep(_RETRY)
            except Exception:  # noqa: BLE001 - a defect, too, only makes the knowledge older
                _log.exception("Revocations cannot be followed")
                await asyncio.sleep(_RETRY)

    async def _advance(self) -> None:
        """Take one answer of the feed; the first one, and one to a reader that is behind, comes at once."""
        asked_at = self._clock()
        wait = _WAIT if self._has_begun.is_set() else 0
        path = f"{self._path}?after={Cursor.format(self._cursors)}&wait={wait}"
        request = Request(path=path, method="GET", headers=_HEADERS, idempotent=True)
        answer = await self._transport.send(request, timeout=_TIMEOUT)
        if answer.status != 200:
            raise LookupError(f"status {answer.status}")
        page = msgspec.json.decode(answer.body, type=FeedPage)
        for region in page.regions:
            self._take(region, asked_at)
        if all(region.position >= region.newest for region in page.regions):
            self._answered_at = asked_at
            self._has_begun.set()
        self._sweep()

    def _take(self, page: RegionPage, asked_at: float) -> None:
        for entry in page.entries:
            issued_until = _ALWAYS if entry.issued_until is None else entry.issued_until
            known_until, known = self._revoked.get(entry.mark, _NEVER)
            self._revoked[entry.mark] = (max(issued_until, known_until), max(entry.until, known))
        self._cursors[page.region] = Cursor(page.feed, page.position)
        if page.entries:
            self._revision += 1
        if page.position >= page.newest:
            self._heard_at[page.region] = asked_at - page.lag

    def _sweep(self) -> None:
        if self._clock() - self._swept_at < _SWEEP:
            return
        over = self._now() - _SWEEP  # clocks differ
        self._revoked = {each: entry for each, entry in self._revoked.items() if entry[1] > over}
        self._swept_at = self._clock()
