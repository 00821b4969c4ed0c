"""A response's head and body are one write below, in order and whole, however it ends; what is no header or no length is not sent."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.http.flow_control import FlowControl

from gateway.server.cycle import Cycle, late

Headers = list[tuple[bytes, bytes]]
HELLO: Headers = [(b"content-length", b"5")]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"


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
async def cycle(below: Below) -> Cycle:
    return cycle_over(below)


def cycle_over(below: Below, method: str = "GET") -> Cycle:
    transport = cast("asyncio.Transport", below)
    logger = logging.getLogger("tests.cycle")
    scope: Any = {"method": method}
    cycle = Cycle(
        *(scope, transport, FlowControl(transport), logger, logger),
        access_log=False,
        default_headers=[],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=True,
        on_response=lambda: None,
    )
    cycle.late = late()
    return cycle


def begin(cycle: Cycle, headers: Headers, status: int = 200) -> Awaitable[None]:
    return cycle.send({"type": "http.response.start", "status": status, "headers": headers})


def go_on(cycle: Cycle, body: bytes, *, more: bool = False) -> Awaitable[None]:
    return cycle.send({"type": "http.response.body", "body": body, "more_body": more})


async def test_a_head_and_its_body_are_one_write(below: Below, cycle: Cycle) -> None:
    await begin(cycle, HELLO)
    assert below.written == []
    await go_on(cycle, b"hello")
    assert below.written == [HEAD + b"hello"]
    assert cycle.response_complete


async def test_a_head_whose_body_is_late_goes_out_alone(below: Below, cycle: Cycle) -> None:
    await begin(cycle, HELLO)
    async with asyncio.timeout(5):
        await below.has_written.wait()
    await go_on(cycle, b"hello")
    assert below.written == [HEAD, b"hello"]


async def test_pieces_of_a_body_are_chunks_and_not_held(below: Below, cycle: Cycle) -> None:
    await begin(cycle, [])
    await go_on(cycle, b"a", more=True)
    await go_on(cycle, b"bc", more=True)
    await go_on(cycle, b"")
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    assert below.written == [head + b"1\r\na\r\n", b"2\r\nbc\r\n", b"0\r\n\r\n"]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_a_response_without_a_body_is_its_head(below: Below, method: str, status: int) -> None:
    cycle = cycle_over(below, method)
    await begin(cycle, HELLO if method == "HEAD" else [], status)
    await go_on(cycle, b"")
    (written,) = below.written
    assert written.endswith(b"\r\n\r\n")
    assert b"chunked" not in written


async def test_the_last_response_of_a_connection_says_so_once(below: Below, cycle: Cycle) -> None:
    await begin(cycle, [*HELLO, (b"Connection", b"Close")])
    await go_on(cycle, b"hello")
    assert below.written[0].lower().count(b"connection: close\r\n") == 1
    assert below.is_over


@pytest.mark.parametrize(
    "sent", [(b"hell",), (b"hello, world",), (b"hello", b"!")], ids=["short", "long", "more"]
)
async def test_an_app_that_sends_another_length_is_hung_up_on(
    below: Below, cycle: Cycle, sent: tuple[bytes, ...]
) -> None:
    async def app(_scope: Any, _receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HELLO})
        for number, piece in enumerate(sent, start=1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(sent)})

    await cycle.run_asgi(app)
    assert below.is_over
    assert below.written[0].startswith(HEAD)
    assert not cycle.response_complete


async def test_an_app_that_fails_at_once_is_answered_for(below: Below, cycle: Cycle) -> None:
    async def app(*_: Any) -> None:
        raise ValueError

    await cycle.run_asgi(app)
    assert below.written[0].startswith(b"HTTP/1.1 500 Internal Server Error\r\n")


async def test_a_transport_that_was_lost_takes_nothing(below: Below, cycle: Cycle) -> None:
    await begin(cycle, HELLO)
    below.close()
    cycle.flush()
    assert below.written == []


names = st.sampled_from((b"a", b"X-Long_name", b"a b", b"a:", b"\r\na", b""))
octets = st.lists(
    st.sampled_from(
        (b"a", b"Z", b"a\r\nb: c", b"\r\n", b"\n", b"\r", b" ", b"\t", b"\x00", b"\x7f", b"\xe9", b"(")
    ),
    max_size=4,
).map(b"".join)


async def test_a_value_with_a_line_in_it_is_not_sent(below: Below, cycle: Cycle) -> None:
    with pytest.raises(RuntimeError):
        await begin(cycle, [(b"location", b"/a\r\nset-cookie: b")])
    assert below.written == []


@given(headers=st.lists(st.tuples(names, octets), max_size=4))
async def test_each_header_is_one_line_or_nothing_is_sent(headers: Headers) -> None:
    below = Below()
    cycle = cycle_over(below, "HEAD")
    try:
        await begin(cycle, headers)
    except RuntimeError:
        cycle.flush()
        assert below.written == []
        return
    await go_on(cycle, b"")
    lines = below.written[0].split(b"\r\n")[1:-2]
    assert [line.partition(b": ")[::2] for line in lines] == [
        (name.lower(), value) for name, value in headers
    ]
