"""One connection to Valkey on which calls are written one after the other without waiting, and answered in that order.

hiredis packs and parses RESP2. There is no pool, no retry and no client-side bookkeeping: a call costs a fifth of what it does
through redis-py, which stays the client wherever that does not matter.
"""

import asyncio
import ssl
from collections import deque
from typing import Any, cast

import hiredis
from redis.asyncio.connection import SSLConnection, parse_url

_Argument = str | bytes | int


class ReplyError(Exception):
    """Valkey refused the command; it did nothing."""


class Connection(asyncio.Protocol):
    """Made by `connect`."""

    def __init__(self) -> None:
        self._replies = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()

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


async def connect(url: str) -> Connection:
    """A connection to the server and database of a `redis://`, `rediss://` or `unix://` URL.

    Raises:
        OSError: there is no server.
        ReplyError: it refuses the credentials or the database.
    """
    options: Any = parse_url(url)
    loop = asyncio.get_running_loop()
    if "path" in options:
        _, connection = await loop.create_unix_connection(Connection, options["path"])
    else:
        is_tls = options.get("connection_class") is SSLConnection
        context = ssl.create_default_context(cafile=options.get("ssl_ca_certs")) if is_tls else None
        host, port = options.get("host", "localhost"), options.get("port", 6379)
        _, connection = await loop.create_connection(Connection, host, port, ssl=context)
    try:
        await _greet(connection, options)
    except BaseException:
        connection.close()
        raise
    return connection


async def _greet(connection: Connection, options: dict[str, Any]) -> None:
    if options.get("password"):
        username = (options["username"],) if options.get("username") else ()
        await connection.call("AUTH", *username, options["password"])
    if options.get("db"):
        await connection.call("SELECT", options["db"])
