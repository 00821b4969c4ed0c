"""What any worker tells for all of them: whether they are ready, and their metrics."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from common.http import Request, Transport, TransportError, open_transport
from gateway.server.asgi import Receive, Scope, Send, respond
from gateway.server.health import Check
from gateway.server.workers.place import Place

_TIMEOUT = 2.0


class Siblings:
    """The workers of one supervisor, the asking one included, over their Unix sockets."""

    def __init__(self, place: Place) -> None:
        self._transports = {
            str(number): open_transport(f"unix://{place.socket(number)}") for number in range(place.count)
        }

    def checks(self) -> dict[str, Check]:
        """One check a worker, which fails where it is not there or not ready."""
        return {
            f"worker {number}": partial(_check, transport) for number, transport in self._transports.items()
        }

    async def metrics(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """The metrics of all who answer, with one more label: `worker`, so that each counter is one process's."""
        texts = await asyncio.gather(*map(_metrics, self._transports.values()))
        found = {number: text for number, text in zip(self._transports, texts, strict=True) if text}
        headers = [(b"content-type", CONTENT_TYPE_LATEST.encode())]
        await respond(send, 200, headers, await asyncio.to_thread(merged, found))

    async def close(self) -> None:
        for transport in self._transports.values():
            await transport.close()


def merged(texts: Mapping[str, str]) -> bytes:
    """What several processes tell Prometheus, as one: each sample with the label `worker`."""
    families: dict[str, Metric] = {}
    for worker, text in texts.items():
        for family in text_string_to_metric_families(text):
            one = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            one.samples += [
                Sample(sample.name, {**sample.labels, "worker": worker}, sample.value)
                for sample in family.samples
            ]
    registry = CollectorRegistry()
    registry.register(_Told(families.values()))
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


async def _check(transport: Transport) -> None:
    response = await transport.send(Request(path="/health/ready", method="GET"), timeout=_TIMEOUT)
    if response.status != 200:
        raise RuntimeError(f"status {response.status}")


async def _metrics(transport: Transport) -> str:
    try:
        request = Request(path="/metrics", method="GET")
        return (await transport.send(request, timeout=_TIMEOUT)).body.decode()
    except TransportError:
        return ""
