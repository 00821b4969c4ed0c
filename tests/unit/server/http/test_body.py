from collections.abc import Iterable
from typing import Any

import pytest

from gateway.server.errors import RequestError
from gateway.server.http.body import ClientDisconnected, read_body


class Wire:
    """Gives ASGI messages and counts how many were taken."""

    def __init__(self, chunks: Iterable[bytes], *, cut: bool = False) -> None:
        parts = list(chunks)
        self.messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": part, "more_body": cut or index < len(parts) - 1}
            for index, part in enumerate(parts)
        ]
        if cut:
            self.messages.append({"type": "http.disconnect"})
        self.taken = 0

    async def __call__(self) -> dict[str, Any]:
        self.taken += 1
        return self.messages[self.taken - 1]


async def test_a_body_is_joined_from_its_chunks() -> None:
    assert await read_body(Wire([b"ab", b"", b"c"]), {}, 3) == b"abc"
    assert await read_body(Wire([b"abc"]), {}, 3) == b"abc"


async def test_an_announced_length_over_the_limit_is_refused_before_anything_is_read() -> None:
    wire = Wire([b"abcd"])
    with pytest.raises(RequestError) as caught:
        await read_body(wire, {b"content-length": b"4"}, 3)
    assert caught.value.status == 413
    assert wire.taken == 0


async def test_an_endless_body_is_refused_as_soon_as_it_is_over_the_limit() -> None:
    wire = Wire([b"ab"] * 1000)
    with pytest.raises(RequestError) as caught:
        await read_body(wire, {}, 3)
    assert caught.value.status == 413
    assert wire.taken == 2


async def test_a_client_that_goes_away_is_no_error_of_the_request() -> None:
    with pytest.raises(ClientDisconnected):
        await read_body(Wire([b"ab"], cut=True), {}, 3)
