"""The data plane's wiring: from the environment to the two apps that `hansa proxy` and `hansa up` serve."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, cast

from common.http import open_transport
from common.http.in_process import ASGIApp
from common.limiting import Limiter
from common.proxy import ProxyOptions, RunningProxy
from common.settings import Secret, SettingsError, load
from common.telemetry import Telemetry
from subgraphs.tenants.dataplane.access import open_control
from subgraphs.tenants.dataplane.admission import Admissions
from subgraphs.tenants.dataplane.control import ControlPlaneUnavailableError
from subgraphs.tenants.dataplane.doors import Doors
from subgraphs.tenants.dataplane.following import Follower
from subgraphs.tenants.dataplane.forwarding import Forwarding
from subgraphs.tenants.dataplane.http_control import HttpControlPlane
from subgraphs.tenants.dataplane.kept import Store
from subgraphs.tenants.dataplane.keys import Keys
from subgraphs.tenants.dataplane.observing import Observer
from subgraphs.tenants.dataplane.proxy import Proxy
from subgraphs.tenants.dataplane.serving import Serving
from subgraphs.tenants.dataplane.settings import ProxySettings
from subgraphs.tenants.dataplane.usage import Meter, send_now, send_usage

_FIRST_ANSWER = 2.0
"""Seconds that the control plane has before what was served last is served again."""
_LAST_USAGE = 2.0
_LONGEST_WAIT = 10.0


@asynccontextmanager
async def proxy_program(environment: Mapping[str, str], options: ProxyOptions) -> AsyncIterator[RunningProxy]:
    """What `hansa proxy` runs. Raises SettingsError, DirectoryInUseError, OSError."""
    settings = load(ProxySettings, environment)
    telemetry = Telemetry(settings.service, environment)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, telemetry.close)
        transport, token = open_control(settings, options)
        stack.push_async_callback(transport.close)
        wait = min(_LONGEST_WAIT, settings.key_ttl / 3)
        control = HttpControlPlane(transport, token, wait=wait)
        meter = Meter(options.directory / "usage")
        stack.callback(meter.close)
        keys = Keys(control.find, ttl=settings.key_ttl)
        serving = Serving(inner_upstreams=settings.inner_upstreams)
        stack.push_async_callback(serving.close)
        follower = Follower(
            control,
            serving,
            keys,
            Store(options.directory),
            kept_for=settings.kept_for,
            keeps_keys=settings.keep_keys,
        )
        stack.push_async_callback(follower.close)
        await follower.restore()
        stack.push_async_callback(_send_last, meter, control)
        await _run(stack, "usage", send_usage(meter, control.take_usage, interval=settings.usage_interval))
        await _run(stack, "changes", follower.run())
        with suppress(TimeoutError):
            await asyncio.wait_for(follower.has_asked.wait(), _FIRST_ANSWER)
        admissions = Admissions(serving, keys, _limiter(settings, options, stack))
        observer = Observer(meter)
        proxy = Proxy(admissions, _forwarding(settings), observer, is_traced=telemetry.enabled)
        yield RunningProxy(
            cast("ASGIApp", telemetry.asgi(proxy)),
            Doors(admissions, {"configuration": follower.check}, observer.registry),
        )


def _limiter(settings: ProxySettings, options: ProxyOptions, stack: AsyncExitStack) -> Limiter | None:
    if not settings.limiter_url:
        return None
    transport = open_transport(settings.limiter_url, apps=options.apps)
    limiter = Limiter(transport, settings.limiter_token or Secret(""))
    stack.push_async_callback(limiter.close)
    return limiter


def _forwarding(settings: ProxySettings) -> Forwarding:
    try:
        return Forwarding([name.strip() for name in settings.trusted.split(",") if name.strip()])
    except ValueError as error:
        raise SettingsError(f"HANSA_PROXY_TRUSTED is malformed: {error}") from None


async def _run(stack: AsyncExitStack, name: str, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work, name=name)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)


async def _send_last(meter: Meter, control: HttpControlPlane) -> None:
    """What was counted since the last batch; what is not taken now is by the next run."""
    with suppress(ControlPlaneUnavailableError, TimeoutError):
        async with asyncio.timeout(_LAST_USAGE):
            await send_now(meter, control.take_usage)
            await send_now(meter, control.take_usage)
