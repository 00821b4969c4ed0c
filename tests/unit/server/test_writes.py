"""What one tick writes is one write below, in order and whole, however it ends."""

import asyncio
from typing import cast

import pytest

from gateway.server.writes import GatheredWrites


class Below:
    """A transport that remembers."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_over = False

    def write(self, data: bytes) -> None:
        assert not self.is_over
        self.written.append(data)

    def close(self) -> None:
        self.is_over = True

    def is_closing(self) -> bool:
        return self.is_over


@pytest.fixture
async def below() -> Below:
    return Below()


@pytest.fixture
async def writes(below: Below) -> GatheredWrites:
    return GatheredWrites(cast("asyncio.Transport", below))


async def test_a_head_and_its_body_are_one_write(below: Below, writes: GatheredWrites) -> None:
    writes.write(b"head")
    writes.write(b"body")
    assert below.written == []
    writes.flush()
    assert below.written == [b"headbody"]
    await asyncio.sleep(0)
    assert below.written == [b"headbody"]


async def test_what_has_no_end_yet_goes_out_with_the_tick(below: Below, writes: GatheredWrites) -> None:
    writes.write(b"head")
    await asyncio.sleep(0)
    writes.write(b"event")
    await asyncio.sleep(0)
    assert below.written == [b"head", b"event"]


async def test_no_more_is_held_than_feels_back_pressure(below: Below, writes: GatheredWrites) -> None:
    for _ in range(5):
        writes.write(b"x" * 20_000)
    assert [len(each) for each in below.written] == [80_000]


async def test_what_is_held_is_written_before_it_closes_and_not_after_it_was_lost(
    below: Below, writes: GatheredWrites
) -> None:
    writes.write(b"last")
    writes.close()
    assert below.written == [b"last"]
    writes.write(b"too late")
    await asyncio.sleep(0)
    assert below.written == [b"last"]


async def test_all_else_is_the_transports_own(below: Below, writes: GatheredWrites) -> None:
    below.close()
    assert writes.is_closing()
