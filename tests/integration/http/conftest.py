"""Servers on loopback that behave as a test wants."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Peer:
    """One accepted connection, as a server's test behaviour sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int

    async def request(self) -> tuple[bytes, bytes]:
        """The head and body of the next request. Raises IncompleteReadError at the end."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.startswith(b"content-length")
        )
        return head, await self.reader.readexactly(length)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def respond(self, body: bytes = b"{}", headers: str = "", status: str = "200 OK") -> None:
        await self.send(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode() + body)


Behaviour = Callable[[Peer], Awaitable[None]]


@dataclass
class Server:
    """`connections` counts what was accepted, `closed` what has ended."""

    behaviour: Behaviour
    url: str = ""
    connections: int = 0
    closed: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.add(writer)
        try:
            await self.behaviour(Peer(reader, writer, self.connections))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has closed
        finally:
            self.closed += 1
            self.open.discard(writer)
            writer.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for `localhost` and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Starts servers; `ssl` makes it TLS, `path` a Unix socket."""
    started: list[tuple[asyncio.Server, Server]] = []

    async def start(behaviour: Behaviour, **options: Any) -> Server:
        server = Server(behaviour)
        if "path" in options:
            listener = await asyncio.start_unix_server(server.handle, **options)
            server.url = f"unix://{options['path']}?path=/graphql"
        else:
            listener = await asyncio.start_server(server.handle, "127.0.0.1", 0, **options)
            port = listener.sockets[0].getsockname()[1]
            server.url = f"{'https' if options else 'http'}://localhost:{port}/graphql"
        started.append((listener, server))
        return server

    yield start
    for listener, server in started:
        listener.close()
        for writer in tuple(server.open):
            writer.transport.abort()
    await asyncio.sleep(0.01)
