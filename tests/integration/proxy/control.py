"""A control plane for the proxy's tests: in memory, behind the doors that the data plane asks."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from subgraphs.tenants.dataplane.checking import read
from subgraphs.tenants.dataplane.config import Configuration, KeyFacts
from subgraphs.tenants.dataplane.control import (
    CHANGES,
    FIND_KEY,
    Changes,
    ChangesAfter,
    FindKey,
    FoundKey,
    Usage,
    UsageBatch,
    UsageTaken,
)

TOKEN = "control-token"
HOST = "api.example.com"
KEY = "hk_ada"


def key_hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()


@dataclass
class Control:
    """A control plane in memory, behind the doors that the data plane asks; `is_down` lets it answer nothing."""

    configurations: dict[str, Configuration] = field(default_factory=dict)
    keys: dict[str, KeyFacts] = field(default_factory=dict)
    feed: list[tuple[str, str]] = field(default_factory=list)
    batches: dict[str, UsageBatch] = field(default_factory=dict)
    finds: int = 0
    is_down: bool = False
    takes_usage: bool = True
    loses_acknowledgements: bool = False
    has_changed: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self, document: Mapping[str, Any]) -> None:
        configuration = read(json.dumps(document).encode())
        self.configurations[configuration.tenant] = configuration
        self._tell("tenant", configuration.tenant)

    def remove(self, tenant: str) -> None:
        del self.configurations[tenant]
        self._tell("tenant", tenant)

    def issue(self, key: str, **facts: Any) -> None:
        defaults = {"id": f"id-{key}", "tenant": "acme", "consumer": "ada", "plan": "free"}
        self.keys[key_hash(key)] = KeyFacts(**{**defaults, **facts})
        self._tell("key", key_hash(key))

    def revoke(self, key: str) -> None:
        del self.keys[key_hash(key)]
        self._tell("key", key_hash(key))

    @property
    def usage(self) -> list[Usage]:
        return [usage for batch in self.batches.values() for usage in batch.usage]

    def counted(self, counter: str = "requests") -> int:
        return sum(getattr(usage, counter) for usage in self.usage)

    def _tell(self, kind: str, name: str) -> None:
        self.feed.append((kind, name))
        self.has_changed.set()
        self.has_changed = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert dict(scope["headers"])[b"authorization"] == f"Bearer {TOKEN}".encode()
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        if self.is_down:
            await _answer(send, 503, b"{}")
            return
        match scope["path"]:
            case path if path == CHANGES:
                answer: Any = await self._changes(msgspec.json.decode(body, type=ChangesAfter))
            case path if path == FIND_KEY:
                self.finds += 1
                answer = FoundKey(self.keys.get(msgspec.json.decode(body, type=FindKey).key_hash))
            case _:
                batch = msgspec.json.decode(body, type=UsageBatch)
                if not self.takes_usage:
                    await _answer(send, 503, b"{}")
                    return
                self.batches[batch.id] = batch
                if self.loses_acknowledgements:
                    await _answer(send, 502, b"{}")
                    return
                answer = UsageTaken(batch.id)
        await _answer(send, 503 if self.is_down else 200, msgspec.json.encode(answer))

    async def _changes(self, asked: ChangesAfter) -> Changes:
        if not asked.after or asked.after > len(self.feed):
            return Changes(len(self.feed), tuple(self.configurations.values()), is_whole=True)
        if asked.after == len(self.feed):
            try:
                await asyncio.wait_for(self.has_changed.wait(), asked.wait)
            except TimeoutError:
                return Changes(len(self.feed))
        news = self.feed[asked.after :]
        tenants = {name for kind, name in news if kind == "tenant"}
        return Changes(
            len(self.feed),
            tuple(self.configurations[name] for name in tenants if name in self.configurations),
            tuple(name for name in tenants if name not in self.configurations),
            tuple(name for kind, name in news if kind == "key"),
        )


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def configuration(upstreams: Mapping[str, Any] | str, **changes: Any) -> dict[str, Any]:
    """A tenant with an open route, one that needs a key, and what a test changes in it."""
    if isinstance(upstreams, str):
        upstreams = {"main": {"targets": [{"url": upstreams}]}}
    document = {
        "tenant": "acme",
        "version": 1,
        "hosts": [HOST],
        "routes": [
            {"name": "open", "prefix": "/", "upstream": "main", "policy": "open"},
            {"name": "keyed", "prefix": "/keyed", "upstream": "main", "policy": "keyed"},
        ],
        "upstreams": upstreams,
        "policies": {"open": {"key_required": False}, "keyed": {}},
    }
    return {**document, **changes}
