import pytest

from gateway.server.http.compression import choose


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (None, None),
        (b"", None),
        (b"gzip, deflate, br, zstd", "gzip"),
        (b"deflate", "deflate"),
        (b"br, zstd", None),
        (b"gzip;q=0.5, deflate;q=0.9", "deflate"),
        (b"gzip; q=0", None),
        (b"GZIP ; Q=0.1", "gzip"),
        (b"*", "gzip"),
        (b"*;q=0.5, gzip;q=0", "deflate"),
        (b"identity", None),
        (b"identity, gzip;q=0.5", None),
        (b"identity;q=0.5, gzip", "gzip"),
        (b"identity;q=0, *;q=0", None),
        (b"gzip;q=nan", None),
        (b"gzip;q=much, deflate;q=0.1", "deflate"),
        (b"\xff;q=\xff, ;;;=,", None),
    ],
)
def test_the_best_quality_wins_and_gzip_among_equals(accept: bytes | None, coding: str | None) -> None:
    assert choose(accept) == coding
