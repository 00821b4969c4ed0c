"""A connection that is made when it is needed, made anew when it broke, given up when it hangs, and left alone while that has no point."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from common.resilience import Breaker
from common.valkey.address import Address
from common.valkey.connection import Connection, connect
from common.valkey.errors import ReplyError, ValkeyUnavailableError
from common.valkey.spans import command_span

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

CONNECT_TIMEOUT = 1.0  # seconds


class ValkeyLink:
    """Calls to the one Valkey at `url`, each a span of the `tracer` if there is one.

    A call is never made twice: one whose answer was lost may have had its effect.

    Raises:
        ValueError: the URL is none.
    """

    def __init__(
        self,
        url: str | Address,
        *,
        timeout: float,
        breaker: Breaker | None = None,
        tracer: "Tracer | None" = None,
    ) -> None:
        self.timeout = timeout
        self.address = Address(url) if isinstance(url, str) else url
        self._breaker = breaker or Breaker()
        self._tracer = tracer
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[Connection] | None = None

    async def ask(
        self, *command: str | bytes | int, within: float | None = None, asking: bool = False
    ) -> Any:
        """As `call`; while the server does not answer, all but a probe now and then are refused at once."""
        if not self._breaker.admits():
            raise ValkeyUnavailableError("Valkey is not asked for a moment, since it did not answer")
        try:
            reply = await self.call(*command, within=within, asking=asking)
        except ReplyError:
            self._breaker.succeed()
            raise
        except ValkeyUnavailableError:
            self._breaker.fail()
            raise
        except BaseException:
            self._breaker.give_up()
            raise
        self._breaker.succeed()
        return reply

    async def call(
        self, *command: str | bytes | int, within: float | None = None, asking: bool = False
    ) -> Any:
        """The reply, in `within` seconds or the link's `timeout`; `asking` for a slot that is being moved to this server.

        Raises:
            ReplyError: Valkey refused; it did nothing.
            ValkeyUnavailableError: there is no answer.
        """
        if self._tracer is None:
            return await self._call(command, within or self.timeout, asking=asking)
        with command_span(self._tracer, command, self.address):
            return await self._call(command, within or self.timeout, asking=asking)

    async def _call(self, command: tuple[str | bytes | int, ...], seconds: float, *, asking: bool) -> Any:
        connection, began = self._connection, asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(seconds):
                if connection is None or not connection.is_open:
                    connection = self._connection = await self._connect()
                if asking:  # it counts for the next command on the connection
                    return (await asyncio.gather(connection.call("ASKING"), connection.call(*command)))[1]
                return await connection.call(*command)
        except ReplyError as refusal:
            refusal.server = self
            raise
        except TimeoutError as error:
            # What hangs would hold up all that follows; who is only slow goes on.
            if connection is not None and connection.heard_at < began:
                connection.close()
            raise ValkeyUnavailableError("Valkey did not answer in time") from error
        except OSError as error:
            raise ValkeyUnavailableError(f"Valkey cannot be reached: {error}") from error

    def slot(self, _key: str) -> int:
        """The same for keys of which one command may be about: one server knows no slots."""
        return 0

    async def servers(self) -> Sequence["ValkeyLink"]:
        """Those that are written to."""
        return (self,)

    async def close(self) -> None:
        """Hang up."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._connection is not None:
            self._connection.close()

    async def _connect(self) -> Connection:
        """One attempt at a time, which outlives the call that began it: a handshake may take longer than a call may."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._open())
            self._connecting.add_done_callback(self._connected)
        try:
            return await asyncio.shield(self._connecting)
        except ReplyError as error:
            raise OSError(str(error)) from error

    async def _open(self) -> Connection:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            return await connect(self.address)

    def _connected(self, attempt: asyncio.Task[Connection]) -> None:
        self._connecting = None
        if not attempt.cancelled() and attempt.exception() is None:
            self._connection = attempt.result()
