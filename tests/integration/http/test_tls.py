"""Requests over TLS go to servers whose certificate a trusted root has signed, and to no other."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.http import ConnectError, Request, open_transport

Make = Callable[..., Any]


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
