"""Headers that plugins change."""

import pytest

from gateway.server.plugins import Headers


def test_names_are_found_however_they_are_written_and_the_last_value_counts() -> None:
    headers = Headers([("Accept", "a"), ("x-one", "1"), ("ACCEPT", "b")])
    assert (headers["accept"], headers["Accept"], "aCCept" in headers) == ("b", "b", True)
    assert headers.all("accept") == ["a", "b"]
    assert headers.pairs() == (("accept", "a"), ("x-one", "1"), ("accept", "b"))
    assert (list(headers), len(headers)) == (["accept", "x-one"], 2)


def test_setting_replaces_every_value_and_adding_none() -> None:
    headers = Headers([("accept", "a"), ("accept", "b")])
    headers["Accept"] = "c"
    headers.add("Accept", "d")
    assert headers.all("accept") == ["c", "d"]


def test_deleting_takes_every_value_and_refuses_what_is_not_there() -> None:
    headers = Headers([("accept", "a"), ("accept", "b")])
    del headers["ACCEPT"]
    assert headers.pairs() == ()
    with pytest.raises(KeyError):
        del headers["accept"]
    with pytest.raises(KeyError):
        headers["accept"]


def test_bytes_come_back_as_they_were() -> None:
    pairs = [(b"x-name", "Jürgen".encode("latin-1")), (b"x-name", b"")]
    assert Headers.from_bytes(pairs).to_bytes() == pairs
