"""Upstreams: which of their servers gets a request, over which connection, and what becomes of one that fails."""

from subgraphs.tenants.dataplane.upstream.connection import Connection, Head, RawHeaders
from subgraphs.tenants.dataplane.upstream.reach import outer_address
from subgraphs.tenants.dataplane.upstream.target import Target
from subgraphs.tenants.dataplane.upstream.upstream import NoTarget, Upstream

__all__ = ("Connection", "Head", "NoTarget", "RawHeaders", "Target", "Upstream", "outer_address")
