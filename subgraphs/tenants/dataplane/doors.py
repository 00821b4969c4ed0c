"""What operators and other gateways ask of the data plane, beside its traffic: health, metrics, and `/auth`.

`/auth` answers for nginx's `auth_request`: whether a request would be let through, told by the headers that the proxy itself
would send on. The request's own host, path and method come in X-Forwarded-Host, X-Original-URI and X-Original-Method.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from common.app.health import Check, run_checks
from subgraphs.tenants.dataplane.admission import Admission, Admissions
from subgraphs.tenants.dataplane.refusals import Refusal
from subgraphs.tenants.dataplane.request import read_request

_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")


class Doors:
    """An ASGI app; ready while all `checks` pass."""

    def __init__(
        self, admissions: Admissions, checks: Mapping[str, Check], registry: CollectorRegistry
    ) -> None:
        self._admissions = admissions
        self._checks = checks
        self._registry = registry

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 - ASGI's signature
        match scope["path"]:
            case "/health/live":
                await _send(send, 200, [_JSON], b'{"status":"ok"}')
            case "/health/ready":
                await self._ready(send)
            case "/metrics":
                kind = (b"content-type", CONTENT_TYPE_LATEST.encode())
                await _send(send, 200, [kind], generate_latest(self._registry))
            case "/auth":
                await self._authorise(scope, send)
            case _:
                await _send(send, 404, [_TEXT], b"Not found\n")

    async def _ready(self, send: Any) -> None:
        outcomes = await run_checks(self._checks)
        failing = "failing" in outcomes.values()
        body = msgspec.json.encode({"status": "failing" if failing else "ok", "checks": outcomes})
        await _send(send, 503 if failing else 200, [_JSON], body)

    async def _authorise(self, scope: Any, send: Any) -> None:
        """401, 403 and 204 as nginx knows them; it takes other statuses for failures, and finds the real one in a header."""
        admission = Admission()
        try:
            await self._admissions.admit(read_request(_original(scope)), admission)
        except Refusal as refusal:
            status = refusal.status if refusal.status in {401, 403} else 403
            told = [
                (b"x-hansa-status", str(refusal.status).encode()),
                (b"x-hansa-policy", refusal.rule.encode()),
            ]
            kind = (b"content-type", b"application/problem+json")
            await _send(send, status, [kind, *told, *refusal.headers], refusal.body(""))
        else:
            caller = admission.caller
            lines = caller.lines.split(b"\r\n") if caller is not None and caller.key is not None else []
            pairs = [line.partition(b": ") for line in lines if line]
            told = [(name, value) for name, _, value in pairs]
            await _send(send, 204, [*told, *(admission.headers or ())], b"")
        finally:
            admission.leave()


def _original(scope: Any) -> dict[str, Any]:
    """The scope of the request that is asked about."""
    fields = dict(scope["headers"])
    path, _, query = fields.get(b"x-original-uri", b"/").partition(b"?")
    host = fields.get(b"x-forwarded-host", fields.get(b"host", b""))
    headers = [
        pair for pair in scope["headers"] if pair[0] not in {b"host", b"content-length", b"transfer-encoding"}
    ]
    return {
        **scope,
        "method": fields.get(b"x-original-method", b"GET").decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "headers": [(b"host", host), *headers],
    }


async def _send(send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    if status != 204:
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
