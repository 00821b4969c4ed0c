"""Password hashes by argon2id (RFC 9106), in a bounded number of threads.

A hash takes some 40 ms of a core and 19 MiB. Without a bound, a few dozen sign-ins a second would stop the service;
with it, what does not fit is refused at once.
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from common.errors import OverloadedError
from subgraphs.identity.strength import weakness

_QUEUED_PER_THREAD = 32  # about 1.3 s of waiting
_T = TypeVar("_T")


class Passwords:
    """Hashes and verifies with m = 19 MiB, t = 2, p = 1, in as many threads as the process has cores."""

    def __init__(self, threads: int | None = None) -> None:
        threads = threads or len(os.sched_getaffinity(0))
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody = self._hasher.hash(secrets.token_hex())
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = threads * (1 + _QUEUED_PER_THREAD)

    async def hash(self, password: str) -> str:
        """The encoded hash.

        Raises:
            OverloadedError: too many passwords wait already.
        """
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password has this hash; None, for an account that does not exist, costs the same and is False.

        Raises:
            OverloadedError: too many passwords wait already.
        """
        matches = await self._run(lambda: self._matches(password_hash or self._nobody, password))
        return matches and password_hash is not None

    async def weakness(self, password: str, known: Iterable[str]) -> str | None:
        """Why a new password is refused, None when it is good; `known` are the account's address and names.

        Raises:
            OverloadedError: too many passwords wait already.
        """
        return await self._run(lambda: weakness(password, known))

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._room <= 0:
            raise OverloadedError("Too many sign-ins at once; try again in a moment")
        self._room -= 1
        future = self._pool.submit(work)
        finished = asyncio.wrap_future(future)
        finished.add_done_callback(lambda _: self._leave())
        # A caller that gives up leaves its place only when the thread is done.
        return await asyncio.shield(finished)

    def _leave(self) -> None:
        self._room += 1
