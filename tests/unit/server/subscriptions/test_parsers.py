"""Events are found in a stream's bytes however they are cut, and as soon as they are whole."""

from collections.abc import Callable, Iterable
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http import ResponseTooLarge
from gateway.execution.errors import FetchError
from gateway.server.subscriptions.upstream.event_stream import EventStreamParser
from gateway.server.subscriptions.upstream.multipart import MultipartParser

Parser = EventStreamParser | MultipartParser
EVENTS = [{"data": {"price": 5}}, {"data": {"name": "a\r\n--graphql b\n\n"}}, {"data": None, "errors": []}]
ENCODED = [msgspec.json.encode(event) for event in EVENTS]
STREAMS = {
    "graphql-sse": b"".join(b"event: next\ndata: " + event + b"\n\n" for event in ENCODED)
    + b":\n\nevent: complete\ndata:\n\n",
    "strawberry's sse": b": ping\r\n\r\n"
    + b"".join(b"event: next\r\ndata: " + event + b"\r\n\r\n" for event in ENCODED)
    + b"event: complete\r\ndata: \r\n\r\n",
}


def of(stream: Iterable[bytes], head: bytes, tail: bytes) -> bytes:
    return b"".join(head + part + tail for part in stream)


PARTS = [b"{}", *(b'{"payload":' + event + b"}" for event in ENCODED)]
HEAD = b"\r\ncontent-type: application/json\r\n\r\n"
MULTIPART = {
    "apollo's": b"\r\n--graphql" + of(PARTS, HEAD, b"\r\n--graphql") + b"--\r\n",
    "strawberry's": of(PARTS, HEAD, b"\r\n--graphql") + b"\r\n--graphql--\r\n",
    "delimiter first": of(PARTS, b"--graphql" + HEAD, b"\r\n") + b"--graphql--",
}


def make(name: str) -> tuple[Parser, bytes]:
    if name in STREAMS:
        return EventStreamParser(10_000), STREAMS[name]
    return MultipartParser('multipart/mixed; boundary="graphql"', 10_000), MULTIPART[name]


@pytest.mark.parametrize("name", [*STREAMS, *MULTIPART])
@given(cuts=st.lists(st.integers(0, 500), max_size=30))
def test_a_stream_gives_the_same_events_however_it_is_cut(name: str, cuts: list[int]) -> None:
    parser, stream = make(name)
    ends = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    found = [event for start, end in pairwise(ends) for event in parser.feed(stream[start:end])]
    assert found == ENCODED
    assert parser.is_complete


@pytest.mark.parametrize("name", [*STREAMS, *MULTIPART])
def test_an_event_is_there_with_its_last_byte(name: str) -> None:
    parser, stream = make(name)
    last = stream.index(ENCODED[-1]) + len(ENCODED[-1])
    ending = 4 if name in STREAMS else 1
    found = [event for byte in stream[: last + ending] for event in parser.feed(bytes([byte]))]
    assert found == ENCODED
    assert not parser.is_complete


def test_data_over_several_lines_is_one_event() -> None:
    parser = EventStreamParser(100)
    assert list(parser.feed(b"\xef\xbb\xbfevent:next\rdata: {\rdata: }\r\r\n")) == [b"{\n}"]


def test_errors_beside_no_payload_end_a_multipart_stream() -> None:
    parser = MultipartParser("multipart/mixed; boundary=graphql", 1000)
    part = b'--graphql\r\n\r\n{"payload":null,"errors":[{"message":"no"}]}\r\n--graphql'
    assert list(parser.feed(part)) == [b'{"errors":[{"message":"no"}]}']
    assert parser.is_complete


@pytest.mark.parametrize(
    ("make", "piece"),
    [
        (lambda: EventStreamParser(100), b"data: " + b"x" * 60),
        (lambda: EventStreamParser(100), b"data: " + b"x" * 60 + b"\n"),
        (lambda: MultipartParser("multipart/mixed; boundary=graphql", 100), b"--graphql\r\n\r\n" + b"x" * 60),
    ],
)
def test_an_event_without_end_is_given_up(make: Callable[[], Parser], piece: bytes) -> None:
    parser = make()
    with pytest.raises(ResponseTooLarge):
        [list(parser.feed(piece)) for _ in range(10)]


def test_a_part_that_is_not_json_is_an_error() -> None:
    parser = MultipartParser("multipart/mixed; boundary=graphql", 1000)
    with pytest.raises(FetchError):
        list(parser.feed(b"--graphql\r\n\r\n<html>\r\n--graphql"))
