"""Active health checks: each target is asked by itself, so that one that is down is known before a request finds out."""

import asyncio
import logging
import random

from common.http import TransportError
from subgraphs.tenants.dataplane.config import HealthCheck
from subgraphs.tenants.dataplane.upstream.target import Target

_log = logging.getLogger("hansa.proxy")


async def watch(target: Target, check: HealthCheck) -> None:
    """Sets `target.is_up`, until it is cancelled. The first check comes at once, the next ones spread over the interval."""
    in_a_row = 0
    while True:
        passes = await _passes(target, check)
        in_a_row = 0 if passes is target.is_up else in_a_row + 1
        if in_a_row >= (check.healthy if passes else check.unhealthy):
            target.is_up, in_a_row = passes, 0
            _log.warning("The target %s is %s", target.config.url, "up" if passes else "down")
        await asyncio.sleep(check.interval * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load, no secret


async def _passes(target: Target, check: HealthCheck) -> bool:
    try:
        async with asyncio.timeout(check.timeout):
            return await _status(target, check) < 400
    except (TransportError, TimeoutError):
        return False


async def _status(target: Target, check: HealthCheck) -> int:
    """On a connection of its own: one that is kept could outlive what would be found now."""
    connection, _ = await target.connect(anew=True)
    try:
        head = f"GET {check.path} HTTP/1.1\r\nhost: {target.authority.decode()}\r\nconnection: close\r\n\r\n"
        connection.start(head.encode(), is_bodiless=False)
        return (await connection.head(check.timeout)).status
    finally:
        connection.end(is_whole=False)
        target.release(connection)
