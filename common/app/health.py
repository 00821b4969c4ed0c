"""`/health/live`, `/health/ready` and `/metrics`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_log = logging.getLogger(__name__)
_TIMEOUT = 2.0

Check = Callable[[], Awaitable[None]]


async def run_checks(checks: Mapping[str, Check]) -> dict[str, str]:
    """`ok` or `failing` by name; a check fails by raising or by taking longer than two seconds."""
    outcomes = await asyncio.gather(*(_run(name, check) for name, check in checks.items()))
    return dict(zip(checks, outcomes, strict=True))


async def _run(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(_TIMEOUT):
            await check()
    except Exception:  # noqa: BLE001 - whatever a check raises means that it fails
        _log.warning("Readiness check %s fails", name, exc_info=True)
        return "failing"
    return "ok"


def health_routes(checks: Mapping[str, Check], registry: CollectorRegistry) -> list[HTTPRouteHandler]:
    """The route handlers; live is 200 while the process runs, ready is 503 while a check fails."""

    @get("/health/live", sync_to_thread=False)
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @get("/health/ready")
    async def ready() -> Response[dict[str, object]]:
        outcomes = await run_checks(checks)
        failing = "failing" in outcomes.values()
        body: dict[str, object] = {"status": "failing" if failing else "ok", "checks": outcomes}
        return Response(body, status_code=503 if failing else 200)

    @get("/metrics", sync_to_thread=False, media_type=MediaType.TEXT, include_in_schema=False)
    def metrics() -> Response[bytes]:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return [live, ready, metrics]
