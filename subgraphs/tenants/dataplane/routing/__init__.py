"""From a request's host, path and method to the one route that serves it."""

from subgraphs.tenants.dataplane.routing.hosts import Hosts, host_of
from subgraphs.tenants.dataplane.routing.matcher import Matcher, NoMethod, NoRoute

__all__ = ("Hosts", "Matcher", "NoMethod", "NoRoute", "host_of")
