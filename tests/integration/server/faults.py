"""Subgraphs that misbehave on the wire: each answers a request with bytes of its own choosing, or not at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
FAULTS = {
    "garbage": b"\x00\x01garbage\r\n\r\n",
    "HTML": b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 20\r\n\r\n<h1>Welcome</h1>\r\n\r\n",
    "an HTML error page": b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 18\r\n\r\n<h1>10.0.0.7</h1>\n",
    "half a body": OK + b'content-length: 100\r\n\r\n{"data":{"_entities":[',
    "half a chunk": OK + b'transfer-encoding: chunked\r\n\r\n50\r\n{"data":{"_entities":[',
    "half a JSON document": OK + b'content-length: 22\r\n\r\n{"data":{"_entities":[',
    "no JSON object": OK + b"content-length: 4\r\n\r\n1234",
    "an empty body": OK + b"content-length: 0\r\n\r\n",
    "an empty object": OK + b"content-length: 2\r\n\r\n{}",
    "no entities": OK + b'content-length: 11\r\n\r\n{"data":{}}',
    "too few entities": OK + b'content-length: 25\r\n\r\n{"data":{"_entities":[]}}',
    "too many entities": OK + b'content-length: 39\r\n\r\n{"data":{"_entities":[null,null,null]}}',
    "invalid UTF-8": OK + b'content-length: 44\r\n\r\n{"data":{"_entities":[{"reviews":"\xff\xfe"},{}]}}',
    "entities that are no list": OK + b'content-length: 24\r\n\r\n{"data":{"_entities":1}}',
    "nothing at all": b"",
}


@asynccontextmanager
async def faulty(answer: bytes | None) -> AsyncIterator[str]:
    """A server that reads a request and answers `answer`, then closes; None never answers. Gives its URL."""
    release = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await release.wait()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        release.set()
        server.close()
        await server.wait_closed()
