"""Requests over TLS go to servers whose certificate a trusted root has signed, and to no other."""

import datetime as dt
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from common.http import ConnectError, Request, open_transport

Make = Callable[..., Any]


@pytest.fixture(scope="module")
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
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def echo(peer: Any) -> None:
    while True:
        _, body = await peer.request()
        await peer.respond(body)


async def test_a_trusted_server_is_asked(serve: Make, server_tls: ssl.SSLContext, certificate: Path) -> None:
    server = await serve(echo, ssl=server_tls)
    transport = open_transport(server.url, tls=ssl.create_default_context(cafile=str(certificate)))
    for body in (b"x", bytes(1_000_000)):
        assert (await transport.send(Request(body=body))).body == body
    assert server.connections == 1
    await transport.close()


async def test_an_untrusted_server_is_not(serve: Make, server_tls: ssl.SSLContext) -> None:
    server = await serve(echo, ssl=server_tls)
    transport = open_transport(server.url)
    with pytest.raises(ConnectError, match="certificate verify failed"):
        await transport.send(Request())
    await transport.close()


async def test_a_certificate_of_another_name_is_refused(
    serve: Make, server_tls: ssl.SSLContext, certificate: Path
) -> None:
    server = await serve(echo, ssl=server_tls)
    url = server.url.replace("localhost", "127.0.0.1")
    transport = open_transport(url, tls=ssl.create_default_context(cafile=str(certificate)))
    with pytest.raises(ConnectError, match="certificate"):
        await transport.send(Request())
    await transport.close()
