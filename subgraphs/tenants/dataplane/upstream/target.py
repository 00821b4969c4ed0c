"""One server of an upstream: its connections, how much it has to do, and whether it is asked at all."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from common.http import ConnectError, TimeoutError_
from common.http.client import Origin, UnixOrigin
from common.http.pool import Pool
from common.http.transport import tcp_origin
from common.resilience import Breaker
from subgraphs.tenants.dataplane.config import Target as TargetConfig
from subgraphs.tenants.dataplane.config import Upstream as UpstreamConfig
from subgraphs.tenants.dataplane.upstream.connection import Connection
from subgraphs.tenants.dataplane.upstream.reach import check_outer

_IDLE = 4.0
"""Seconds that an idle connection is kept: fewer than common servers keep theirs (5), who would close what is about to be used."""
_LONGEST = 10
"""How many times as long as at first a target is left alone at most."""


class Target:
    """`is_up` is what the health checks say, `breaker` what became of requests."""

    def __init__(self, config: TargetConfig, upstream: UpstreamConfig, *, may_be_inner: bool) -> None:
        self.config = config
        self.may_be_inner = may_be_inner
        self.in_flight = 0
        self.is_up = True
        self.breaker = Breaker(
            failures=upstream.failures,
            first_pause=upstream.ejection,
            longest_pause=_LONGEST * upstream.ejection,
        )
        self._origin = _origin(config.url)
        self.authority = self._origin.authority.encode()
        self._connect_timeout = upstream.timeouts.connect
        self._pool: Pool[Connection] = Pool(
            self._connect, max_connections=upstream.connections, idle_timeout=_IDLE
        )
        self._is_retired = False

    @property
    def load(self) -> float:
        """Requests under way, by what the target can take."""
        return (self.in_flight + 1) / self.config.weight

    @property
    def is_available(self) -> bool:
        return self.is_up and self.breaker.would_admit()

    async def connect(self, *, anew: bool = False) -> tuple[Connection, bool]:
        """A connection, and whether it was used before. Raises TransportError; then `in_flight` is as it was."""
        self.in_flight += 1
        try:
            kept = None if anew else self._pool.take_idle()
            if kept is not None:
                return kept, True
            async with asyncio.timeout(self._connect_timeout):
                return await self._pool.connect(), False
        except TimeoutError as error:
            self.in_flight -= 1
            raise TimeoutError_("no connection in time") from error
        except BaseException:
            self.in_flight -= 1
            raise

    def release(self, connection: Connection) -> None:
        """What `connect` gave is not used any more."""
        if self._is_retired:
            connection.close()
        self._pool.release(connection)
        self.in_flight -= 1

    def retire(self) -> None:
        """Keep no connection any more. Requests that were admitted before still come, and are served."""
        self._is_retired = True
        while (kept := self._pool.take_idle()) is not None:
            kept.close()

    async def _connect(self, on_close: Callable[[Connection], None]) -> Connection:
        connection = Connection(on_close)
        try:
            transport = await self._origin.connect(connection)
            if not self.may_be_inner:
                check_outer(transport.get_extra_info("peername"))
        except OSError as error:
            raise ConnectError(str(error)) from error
        except ConnectError:
            connection.close()
            raise
        return connection


def _origin(url: str) -> Origin:
    parts = urlsplit(url)
    return UnixOrigin(parts.path) if parts.scheme == "unix" else tcp_origin(parts, None)
