"""A response is the same however the network cuts it."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http.connection import Connection
from common.http.messages import Request, Response

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-Empty:\r\n"
BODY = b'{"data": "\r\n\r\n"}'
LENGTH = HEAD + b"content-length: %d\r\n\r\n%s" % (len(BODY), BODY)
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n5;x=y\r\n%s\r\nb\r\n%s\r\n0\r\n\r\n" % (
    BODY[:5],
    BODY[5:],
)
CONTINUED = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + LENGTH


class Wire(asyncio.Transport):
    """Answers a request with pieces, one after another."""

    def __init__(self, connection: Connection, pieces: list[bytes]) -> None:
        super().__init__()
        self._connection = connection
        self._pieces = pieces

    def write(self, data: Any) -> None:
        del data
        for piece in self._pieces:
            self._connection.data_received(piece)

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        """There is nothing to close."""


async def exchange(pieces: list[bytes], times: int) -> list[Response]:
    connection = Connection(1000, lambda _: None)
    connection.connection_made(Wire(connection, pieces))
    return [await connection.exchange(b"GET / HTTP/1.1\r\n\r\n", Request(), 5) for _ in range(times)]


@pytest.mark.parametrize("data", [LENGTH, CHUNKED, CONTINUED], ids=["length", "chunked", "informational"])
@given(cuts=st.sets(st.integers(1, len(CHUNKED) - 1)))
def test_a_response_is_the_same_however_it_was_cut(data: bytes, cuts: set[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    for response in asyncio.run(exchange(pieces, 2)):
        assert (response.status, response.body) == (200, BODY)
        assert response.headers[:2] == (("content-type", "a/b"), ("x-empty", ""))
