"""One connection to Valkey on which calls are written one after the other without waiting, and answered in that order.

hiredis packs and parses RESP2. There is no pool, no retry and no client-side bookkeeping: a call costs a fifth of what it does
through redis-py, which stays the client wherever that does not matter.
"""

import asyncio
from collections import deque
from typing import Any, cast

import hiredis

from common.valkey.address import Address
from common.valkey.errors import ReplyError

_Argument = str | bytes | int


class Connection(asyncio.Protocol):
    """Made by `connect`."""

    def __init__(self) -> None:
        self._replies = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self.heard_at = 0.0
        """The loop's time when anything came last."""

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def call(self, *command: _Argument) -> asyncio.Future[Any]:
        """The reply to come: bytes, an integer, a list or None.

        It raises ReplyError if Valkey refuses, and ConnectionError if the connection ends first: the command may have been done.
        """
        reply: asyncio.Future[Any] = self._loop.create_future()
        if self._transport is None or self._transport.is_closing():
            reply.set_exception(ConnectionError("The connection is closed"))
            return reply
        self._transport.write(hiredis.pack_command(command))  # type: ignore[arg-type]  # its stub means tuples of one
        self._waiting.append(reply)
        return reply

    def close(self) -> None:
        """End it now, with all that is waited for."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by their class

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        try:
            self._replies.feed(data)
            while (reply := self._replies.gets()) is not False:
                self._answer(reply)
        except hiredis.ProtocolError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(ConnectionError(f"The connection was lost: {exc}"))

    def _answer(self, reply: Any) -> None:
        waiting = self._waiting.popleft()
        if waiting.done():  # nobody waits for it any more
            return
        if isinstance(reply, hiredis.ReplyError):
            waiting.set_exception(ReplyError(str(reply)))
        else:
            waiting.set_result(reply)


async def connect(address: Address) -> Connection:
    """A connection to the server and database at `address`.

    Raises:
        OSError: there is no server.
        ReplyError: it refuses the credentials or the database.
    """
    loop = asyncio.get_running_loop()
    if address.path is not None:
        _, connection = await loop.create_unix_connection(Connection, address.path)
    else:
        _, connection = await loop.create_connection(Connection, address.host, address.port, ssl=address.tls)
    try:
        await _greet(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


async def _greet(connection: Connection, address: Address) -> None:
    if address.password:
        username = (address.username,) if address.username else ()
        await connection.call("AUTH", *username, address.password)
    if address.database:
        await connection.call("SELECT", address.database)
