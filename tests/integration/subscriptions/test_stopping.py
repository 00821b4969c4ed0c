"""A server that stops while clients are leaving."""

import asyncio
import ssl
from contextlib import suppress

from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from common.http.tls import Certificate, server_tls
from tests.integration.server.authority import Authority
from tests.integration.streaming.conftest import App, served


async def test_a_client_that_is_closing_its_connection_does_not_keep_a_server_from_stopping() -> None:
    authority, app = Authority(), App()
    tls = server_tls(Certificate(*authority.issue()))
    trusting = ssl.create_default_context(cadata=authority.pem)
    async with asyncio.timeout(30):
        async with served(app, port=0, ssl_context_factory=lambda _, __: tls) as server:
            port = server.servers[0].sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
            client = ClientProtocol(parse_uri(f"wss://127.0.0.1:{port}/other"))
            client.send_request(client.connect())
            writer.writelines(client.data_to_send())
            client.receive_data(await reader.readuntil(b"\r\n\r\n"))
            client.send_close(1000)
            writer.writelines(client.data_to_send())
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # the end of TLS is not answered, as by one that is busy
            await app.gone.wait()
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()
        while server.server_state.connections:  # noqa: ASYNC110 - uvicorn sets no event
            await asyncio.sleep(0.01)
