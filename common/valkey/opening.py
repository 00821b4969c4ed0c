"""One server or a cluster, by its URL: who asks does not know which."""

from collections.abc import Callable
from typing import TypeAlias

from common.resilience import Breaker
from common.valkey.address import is_cluster
from common.valkey.cluster import ValkeyCluster
from common.valkey.link import ValkeyLink

Valkey: TypeAlias = ValkeyLink | ValkeyCluster


def open_valkey(url: str, *, timeout: float, breaker: Callable[[], Breaker] = Breaker) -> Valkey:
    """The link to what `url` names: a `redis://`, `rediss://` or `unix://` server, or a `redis-cluster://` or `rediss-cluster://`.

    Nothing is connected yet. `timeout` in seconds; a `breaker` is made for each server.

    Raises:
        ValueError: the URL is none.
    """
    if is_cluster(url):
        return ValkeyCluster(url, timeout=timeout, breaker=breaker)
    return ValkeyLink(url, timeout=timeout, breaker=breaker())
