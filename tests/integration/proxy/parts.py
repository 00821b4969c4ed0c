"""What stands around the proxy in its tests: a control plane, upstreams and clients, all with real sockets or doors."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from common.proxy import ProxyOptions, RunningProxy
from gateway.server.health import Health
from gateway.server.serving import open_listener, serve_router
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
from subgraphs.tenants.dataplane.program import proxy_program

LIMIT = 20.0
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


# Upstreams


@dataclass
class Seen:
    """One request as an upstream has got it."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes
    raw: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


Behaviour = Callable[["Seen", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool | None]]


@dataclass
class Server:
    """Answers by `behaviour`, which gives False to end the connection; `seen` is what it has got."""

    behaviour: Behaviour
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    reads_body: bool = True
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            self._server = None

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                seen = await read_message(reader, with_body=self.reads_body)
                self.seen.append(seen)
                if await self.behaviour(seen, reader, writer) is False:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed += 1
            self._writers.discard(writer)
            writer.close()


async def read_message(
    reader: asyncio.StreamReader, *, with_body: bool = True, is_response: bool = False
) -> Seen:
    head = await reader.readuntil(b"\r\n\r\n")
    line, *lines = head[:-4].decode("latin-1").split("\r\n")
    headers = [(name, value) for name, _, value in (each.partition(": ") for each in lines)]
    framing = {name.lower(): value for name, value in headers}
    body = raw = b""
    if with_body and framing.get("transfer-encoding") == "chunked":
        while True:
            size = await reader.readuntil(b"\r\n")
            piece = await reader.readexactly(int(size, 16) + 2)
            raw, body = raw + size + piece, body + piece[:-2]
            if size == b"0\r\n":
                break
    elif with_body and "content-length" in framing:
        raw = body = await reader.readexactly(int(framing["content-length"]))
    elif with_body and is_response and framing.get("connection") == "close":
        raw = body = await reader.read()
    return Seen(line, headers, body, head + raw)


async def echo(seen: Seen, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What it has got, as JSON."""
    body = json.dumps(
        {"line": seen.line, "headers": seen.headers, "body": seen.body.decode("latin-1")}
    ).encode()
    if seen.line.startswith("HEAD"):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body))
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nserver: echo\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
    await writer.drain()


def saying(answer: bytes) -> Behaviour:
    async def say(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return say


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@asynccontextmanager
async def server(behaviour: Behaviour = echo, *, reads_body: bool = True) -> AsyncIterator[Server]:
    running = Server(behaviour, reads_body=reads_body)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


# The proxy and its clients


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def seen(self) -> list[tuple[str, str]]:
        """The headers that `echo` has got."""
        return [(name, value) for name, value in self.json["headers"]]


@dataclass
class Gateway:
    """A proxy that is up."""

    port: int
    running: RunningProxy

    async def raw(self, data: bytes) -> bytes:
        """All that is answered to `data`, until the connection is closed."""
        async with asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(data)
            answer = await reader.read()
            writer.close()
            return answer

    async def ask(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        host: str = HOST,
        key: str | None = None,
        headers: list[tuple[str, str]] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
        if key is not None:
            lines.append(f"X-API-Key: {key}")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in headers or []]
        async with asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b""))
                seen = await read_message(reader, with_body=method != "HEAD", is_response=True)
            finally:
                writer.close()
        return Reply(
            int(seen.line.split()[1]), {name.lower(): value for name, value in seen.headers}, seen.body
        )


Apps = Mapping[str, Any]


@asynccontextmanager
async def gateway(
    control: Control, directory: Path, *, apps: Apps | None = None, **environment: str
) -> AsyncIterator[Gateway]:
    """A proxy over `control`, as `hansa proxy` runs it."""
    settings = {
        "HANSA_TENANTS_URL": "app://tenants",
        "HANSA_TENANTS_TOKEN": TOKEN,
        "HANSA_PROXY_USAGE_INTERVAL": "0.1",
        "HANSA_TENANTS_INNER_UPSTREAMS": "true",
        **environment,
    }
    options = ProxyOptions(directory, {"tenants": control, **(apps or {})})
    async with proxy_program(settings, options) as running:
        listener, stop, started = open_listener("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
        port = listener.getsockname()[1]
        serving = asyncio.create_task(
            serve_router(running.app, listener, health=Health(), stop=stop, started=started.set, grace=5)
        )
        try:
            async with asyncio.timeout(LIMIT):
                await started.wait()
            yield Gateway(port, running)
        finally:
            stop.set()
            await serving


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = LIMIT) -> None:
    """Returns once it is so."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.01)
