"""One server or a cluster, by its URL: who asks does not know which."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from common.resilience import Breaker
from common.valkey.address import is_cluster
from common.valkey.cluster import ValkeyCluster
from common.valkey.link import ValkeyLink

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

Valkey: TypeAlias = ValkeyLink | ValkeyCluster


def open_valkey(
    *urls: str, timeout: float, breaker: Callable[[], Breaker] = Breaker, tracer: "Tracer | None" = None
) -> Valkey:
    """The link to what a URL names: a `redis://`, `rediss://` or `unix://` server, or a `redis-cluster://` or `rediss-cluster://`.
    Several URLs are nodes of one cluster, greeted as the first says.

    Nothing is connected yet. `timeout` in seconds; a `breaker` is made for each server. With a `tracer` each command is a span.

    Raises:
        ValueError: one is none, or there are several and not of a cluster.
    """
    url, *others = urls
    if others or is_cluster(url):
        return ValkeyCluster(*urls, timeout=timeout, breaker=breaker, tracer=tracer)
    return ValkeyLink(url, timeout=timeout, breaker=breaker(), tracer=tracer)
