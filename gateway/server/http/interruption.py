"""Work that is for one client only, and is given up when that client has gone."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from gateway.server.asgi import Receive
from gateway.server.http.body import ClientDisconnected

T = TypeVar("T")


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives; the request's body has been read by now, so that `receive` has only its end left to tell.

    Raises ClientDisconnected, once `work` is cancelled, where that comes first. A cancellation from elsewhere stays
    one. Costs a task and nothing that depends on `work`, which runs in the task of the caller.
    """
    task = asyncio.current_task()
    assert task is not None
    cancellations = task.cancelling()
    watch = asyncio.create_task(_cancel_at_disconnect(receive, task))
    try:
        return await work
    except asyncio.CancelledError:
        if watch.done() and watch.result() and task.uncancel() <= cancellations:
            raise ClientDisconnected from None
        raise
    finally:
        watch.cancel()


async def _cancel_at_disconnect(receive: Receive, task: asyncio.Task[Any]) -> bool:
    message = await receive()
    return bool(message["type"] == "http.disconnect" and task.cancel())
