"""Content codings are undone within a bound, and what is broken is refused."""

import gzip
import zlib

import pytest

from common.http import ProtocolError, ResponseTooLarge
from common.http.encoding import decoded

TEXT = b"one subgraph after another " * 50


def raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data)[2:-4]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("x-gzip", gzip.compress(TEXT, mtime=0)),
        ("gzip", gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0)),
        (
            "gzip",
            b"".join(gzip.compress(TEXT[at : at + 1], mtime=0) for at in range(900))
            + gzip.compress(TEXT[900:]),
        ),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("deflate, GZIP", gzip.compress(zlib.compress(TEXT), mtime=0)),
        ("identity", TEXT),
    ],
)
def test_codings_are_undone(coding: str, body: bytes) -> None:
    response = decoded(200, (("content-encoding", coding), ("x", "y")), body, len(TEXT))
    assert response.body == TEXT
    assert response.headers == (("x", "y"),)


def test_a_body_without_coding_is_as_it_was() -> None:
    assert decoded(200, (), b"x", 1).body == b"x"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"x"),
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-9]),
        ("deflate", b"\xff\xff"),
        ("gzip", gzip.compress(b"", mtime=0) * 1001),
    ],
)
def test_a_coding_that_is_unknown_or_broken_is_refused(coding: str, body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decoded(200, (("content-encoding", coding),), body, 10_000)


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_a_small_body_cannot_grow_beyond_the_bound(compress: object) -> None:
    assert callable(compress)
    body = compress(b"0" * 10_000_000)
    coding = "gzip" if compress is gzip.compress else "deflate"
    with pytest.raises(ResponseTooLarge):
        decoded(200, (("content-encoding", coding),), body, 1_000_000)
