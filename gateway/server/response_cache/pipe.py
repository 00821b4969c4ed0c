"""Commands to Valkey over one connection: those that come while others are under way go together, next.

The client's own pool takes a connection, its locks and its events for each command: twice the time of this.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from redis.asyncio import ConnectionPool
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError, ResponseError

_FAILURES = (RedisError, OSError, TimeoutError)


class _Command(NamedTuple):
    packed: bytes
    answer: asyncio.Future[Any]


class Pipe:
    """A connection that `pool` makes, and makes again once it is broken. Nobody is waited for longer than `patience` seconds."""

    def __init__(self, pool: ConnectionPool, patience: float) -> None:
        self._connection: Any = pool.make_connection()  # type: ignore[no-untyped-call] # as the library has it
        self._patience = patience
        self._waiting: list[_Command] = []
        self._running: asyncio.Task[None] | None = None

    async def call(self, *arguments: Any) -> Any:
        """The answer to one command. Raises RedisError, OSError, TimeoutError.

        Who does not wait for it is cancelled; the command is sent all the same unless it still waits for its turn.
        """
        answer = asyncio.get_running_loop().create_future()
        packed = b"".join(self._connection.pack_command(*arguments))
        self._waiting.append(_Command(packed, answer))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await answer

    async def close(self) -> None:
        """Ends the connection; what is under way fails."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        _fail(self._waiting, ConnectionLost("closed"))
        await self._connection.disconnect(nowait=True)

    async def _run(self) -> None:
        while self._waiting:
            batch = [command for command in self._waiting if not command.answer.done()]
            self._waiting = []
            try:
                async with asyncio.timeout(self._patience):
                    await self._exchange(batch)
            except _FAILURES as error:
                await self._connection.disconnect(nowait=True)
                _fail(batch, error)
            except asyncio.CancelledError:
                _fail(batch, ConnectionLost("closed"))
                raise

    async def _exchange(self, batch: Sequence[_Command]) -> None:
        if not self._connection.is_connected:
            await self._connection.connect()
        await self._connection.send_packed_command([command.packed for command in batch], check_health=False)
        for command in batch:
            try:
                answer = await self._connection.read_response(disable_decoding=True)
            except ResponseError as error:  # of this command; the connection goes on
                _fail([command], error)
            else:
                if not command.answer.done():
                    command.answer.set_result(answer)


def _fail(commands: Sequence[_Command], error: Exception) -> None:
    for command in commands:
        if not command.answer.done():
            command.answer.set_exception(error)
