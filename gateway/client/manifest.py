"""The operations of a client as a persisted query manifest, which a router's `persisted_queries` reads."""

from collections.abc import Iterable

import msgspec

from gateway.client.documents import NamedOperation


def manifest(operations: Iterable[NamedOperation]) -> str:
    """Apollo's format `apollo-persisted-query-manifest`, version 1."""
    listed = [
        {"id": each.id, "name": each.name, "type": each.node.operation.value, "body": each.document}
        for each in operations
    ]
    document = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": listed}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
