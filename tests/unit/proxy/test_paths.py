"""Guarantee: what is passed on means the same to the gateway and to any server behind it."""

import posixpath
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.tenants.dataplane.paths import is_clean, understood, without_segments

PIECES = st.sampled_from(
    [
        "/",
        "a",
        "b1",
        ".",
        "..",
        ";",
        ";x",
        "%2e",
        "%2E",
        "%2f",
        "%5c",
        "%00",
        "%25",
        "%252f",
        "%61",
        "%3b",
        "\\",
        "%",
        "~",
        ":",
    ]
)
PATHS = st.lists(PIECES, max_size=8).map(lambda pieces: ("/" + "".join(pieces)).encode())


@given(PATHS)
def test_servers_that_decode_resolve_and_drop_parameters_end_where_the_gateway_does(path: bytes) -> None:
    found = understood(path)
    if found is None:
        return
    for text in (path, unquote_to_bytes(path), unquote_to_bytes(unquote_to_bytes(path))):
        resolved = posixpath.normpath(text)
        assert resolved.count(b"/") == max(1, path.rstrip(b"/").count(b"/")), "no segment comes or goes"
        assert b".." not in resolved.split(b"/")
    plain = b"/".join(segment.partition(b";")[0] for segment in path.split(b"/"))
    assert found == unquote_to_bytes(plain)


@pytest.mark.parametrize(
    "path",
    [
        "//a",
        "/a//b",
        "/a/../b",
        "/a/..",
        "/./a",
        "/a/%2e%2e/b",
        "/a/.%2E/b",
        "/a/..;/b",
        "/a/..;x=1/b",
        "/a/..%3b/b",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a\\b",
        "/a%00",
        "/a%252fb",
        "/a%2561",
        "/a%",
        "/a%4",
        "/a%zz",
        "/a b",
        "/ä",
        "a",
        "",
        "*",
        "/a%0d",
    ],
)
def test_what_servers_differ_about_is_refused(path: str) -> None:
    assert understood(path.encode("latin-1")) is None


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/", "/"),
        ("/a/b.c/d-e_f~g", "/a/b.c/d-e_f~g"),
        ("/.well-known/x", "/.well-known/x"),
        ("/a..b", "/a..b"),
        ("/%61dmin", "/admin"),
        ("/admin;jsessionid=1/users", "/admin/users"),
        ("/caf%C3%A9", "/caf\u00e9"),
        ("/100%25", "/100%"),
        ("/a@b:c,d", "/a@b:c,d"),
    ],
)
def test_what_they_agree_about_is_matched_as_they_mean_it(path: str, meant: str) -> None:
    assert is_clean(path.encode())
    assert understood(path.encode()) == meant.encode()


def test_segments_are_taken_off_as_they_came() -> None:
    assert without_segments(b"/%61pi/v1/x", 1) == b"/v1/x"
    assert without_segments(b"/api;v=1/x", 1) == b"/x"
    assert without_segments(b"/api", 1) == b"/"
