"""Keep-alive connections to one origin: a bounded number, the one used last first, waiters in order."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from common.http.errors import ConnectionLost
from common.http.turns import Turns


class Kept(Protocol):
    """A connection: whether it can be used, and for how many seconds it has not been."""

    @property
    def usable(self) -> bool: ...

    @property
    def idle_for(self) -> float: ...

    def close(self) -> None: ...


ConnectionT = TypeVar("ConnectionT", bound=Kept)


class Pool(Generic[ConnectionT]):
    """`connect` opens a connection and is given what the connection calls when it closes."""

    def __init__(
        self,
        connect: Callable[[Callable[[ConnectionT], None]], Awaitable[ConnectionT]],
        *,
        max_connections: int,
        idle_timeout: float,
    ) -> None:
        self._connect = connect
        self._free_slots = max_connections
        self._idle_timeout = idle_timeout
        self._idle: deque[ConnectionT] = deque()
        self._open: set[ConnectionT] = set()
        self._turns = Turns()
        self._is_closed = False

    def take_idle(self) -> ConnectionT | None:
        """A kept connection that can be used now, unless others wait for one."""
        return None if self._turns else self._pop_idle()

    def _pop_idle(self) -> ConnectionT | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_for <= self._idle_timeout:
                return connection
            connection.close()
        return None

    async def connect(self) -> ConnectionT:
        """A new connection, or a kept one that became free while all were in use."""
        while self._free_slots == 0 and not self._is_closed:
            await self._turns.wait()
            if (kept := self._pop_idle()) is not None:
                return kept
        if self._is_closed:
            raise ConnectionLost("the transport is closed")
        self._free_slots -= 1
        try:
            connection = await self._connect(self._closed)
        except BaseException:
            self._release_slot()
            raise
        self._admit(connection)
        return connection

    def _admit(self, connection: ConnectionT) -> None:
        if self._is_closed:
            connection.close()
        if not connection.usable:  # and so `_closed` was, or will be, called for what is not in `_open`
            self._release_slot()
            raise ConnectionLost("closed as soon as it was open")
        self._open.add(connection)

    def release(self, connection: ConnectionT) -> None:
        """Give back after an exchange; one that is closed gives its place to another."""
        if connection.usable:
            self._idle.append(connection)
            self._turns.give()

    def _closed(self, connection: ConnectionT) -> None:
        if connection in self._open:
            self._open.remove(connection)
            self._release_slot()
        if connection in self._idle:
            self._idle.remove(connection)

    def _release_slot(self) -> None:
        self._free_slots += 1
        self._turns.give()

    async def close(self) -> None:
        self._is_closed = True
        self._turns.give_all()
        for connection in tuple(self._open):
            connection.close()
        await asyncio.sleep(0)
