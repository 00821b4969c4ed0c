"""Hands usage over, batch by batch, each until it is taken."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from common.failpoints import failpoint
from subgraphs.tenants.dataplane.control import ControlPlaneUnavailableError, UsageBatch
from subgraphs.tenants.dataplane.usage.meter import Meter, batch_in

_log = logging.getLogger("hansa.proxy")
_LONGEST_PAUSE = 30.0


async def send_usage(meter: Meter, take: Callable[[UsageBatch], Awaitable[None]], *, interval: float) -> None:
    """Every `interval` seconds, until it is cancelled; less often while the control plane does not take it."""
    pause = interval
    while True:
        await asyncio.sleep(pause)
        try:
            await send_now(meter, take)
        except ControlPlaneUnavailableError as error:
            pause = min(2 * pause, max(interval, _LONGEST_PAUSE))
            _log.warning("Usage is kept, since the control plane does not take it: %s", error)
        else:
            pause = interval


async def send_now(meter: Meter, take: Callable[[UsageBatch], Awaitable[None]]) -> None:
    """All that was counted until now. Raises ControlPlaneUnavailableError."""
    sealed = meter.sealed()  # in the loop's own thread, in which requests count
    if sealed is None:
        return
    batch = await asyncio.to_thread(batch_in, sealed)
    if batch.usage:
        await take(batch)
    failpoint("usage.send.before_unlink")
    sealed.unlink()
