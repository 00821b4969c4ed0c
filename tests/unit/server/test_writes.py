"""A response's head and body are one write below, in order and whole, however it ends; nothing else is held."""

import asyncio
from typing import cast

import pytest

from gateway.server.writes import HeadWithBody


class Below:
    """A transport that remembers."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_over = False
        self.has_written = asyncio.Event()

    def write(self, data: bytes) -> None:
        assert not self.is_over
        self.written.append(data)
        self.has_written.set()

    def close(self) -> None:
        self.is_over = True

    def is_closing(self) -> bool:
        return self.is_over


@pytest.fixture
async def below() -> Below:
    return Below()


@pytest.fixture
async def writes(below: Below) -> HeadWithBody:
    """A connection that has got a request."""
    connection = HeadWithBody(cast("asyncio.Transport", below))
    connection.expect_head()
    return connection


async def test_a_head_and_its_body_are_one_write(below: Below, writes: HeadWithBody) -> None:
    writes.write(b"head")
    assert below.written == []
    writes.write(b"body")
    assert below.written == [b"headbody"]
    writes.expect_head()
    writes.write(b"head without a body")
    writes.flush()
    assert below.written == [b"headbody", b"head without a body"]


async def test_a_head_whose_body_is_late_goes_out_alone(below: Below, writes: HeadWithBody) -> None:
    writes.write(b"head")
    async with asyncio.timeout(5):
        await below.has_written.wait()
    assert below.written == [b"head"]


async def test_pieces_of_a_body_are_not_held(below: Below, writes: HeadWithBody) -> None:
    for piece in (b"head", b" first", b"second", b"third"):
        writes.write(piece)
    assert below.written == [b"head first", b"second", b"third"]


async def test_what_is_held_is_written_before_it_closes(below: Below, writes: HeadWithBody) -> None:
    writes.write(b"last")
    writes.close()
    assert below.written == [b"last"]


async def test_a_transport_that_was_lost_takes_nothing(below: Below, writes: HeadWithBody) -> None:
    writes.write(b"head")
    below.close()
    writes.flush()
    assert below.written == []
    assert writes.is_closing()
