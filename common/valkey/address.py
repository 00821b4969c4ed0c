"""Where servers are and how they are greeted: by URLs as redis-py reads them, and for a cluster as Apollo's router does."""

import re
import ssl
from copy import copy
from typing import Any
from urllib.parse import parse_qs, urlsplit

from redis.asyncio.connection import SSLConnection, parse_url

_CLUSTER = re.compile(r"(rediss?)-cluster://(?:([^@/?]*)@)?([^/?]*)(.*)")


class Address:
    """One server, by a `redis://`, `rediss://` or `unix://` URL.

    Raises:
        ValueError: the URL is none.
    """

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = dict(parse_url(url))
        self.path: str | None = options.get("path")
        self.host: str = options.get("host", "localhost")
        self.port: int = options.get("port", 6379)
        self.username: str | None = options.get("username")
        self.password: str | None = options.get("password")
        self.database: int = options.get("db", 0)
        self.tls = _tls(options) if options.get("connection_class") is SSLConnection else None

    def at(self, host: str, port: int) -> "Address":
        """Another server that is greeted alike."""
        address = copy(self)
        address.host, address.port = host, port
        return address


def is_cluster(url: str) -> bool:
    """Whether `cluster_addresses` reads the URL."""
    return _CLUSTER.fullmatch(url) is not None


def cluster_addresses(url: str) -> list[Address]:
    """The nodes that `redis-cluster://user:password@host:port,host:port` names, or more of them as `?node=host:port`.

    Raises:
        ValueError: the URL is none.
    """
    parts = _CLUSTER.fullmatch(url)
    if parts is None:
        raise ValueError("The URL of a cluster begins with redis-cluster:// or rediss-cluster://")
    scheme, user, nodes, rest = parts.groups()
    named = [*nodes.split(","), *parse_qs(urlsplit(rest).query).get("node", ())]
    greeting = f"{user}@" if user else ""
    return [Address(f"{scheme}://{greeting}{node}{rest}") for node in named]


def _tls(options: dict[str, Any]) -> ssl.SSLContext:
    given = {name: value for name, value in options.items() if name.startswith("ssl_")}
    return SSLConnection(**given).ssl_context.get()
