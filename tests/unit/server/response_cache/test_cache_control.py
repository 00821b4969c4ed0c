"""How long an answer may be kept, by its headers."""

import pytest

from common.http import Response
from gateway.server.response_cache.cache_control import NO_STORE, CacheControl, merged, read_cache_control


def told(*headers: tuple[str, str], default: float | None = 30.0) -> CacheControl:
    return read_cache_control(Response(200, headers, b""), default)


@pytest.mark.parametrize(
    ("value", "seconds", "visibility"),
    [
        ("max-age=60", 60, ""),
        ("Public, Max-Age=60", 60, "public"),
        ('max-age="60",private', 60, "private"),
        ("public", 30, "public"),
        ("private", 30, "private"),
        ("max-age=60, s-maxage=20", 20, ""),
        ("max-age=0, s-maxage=20", 20, ""),
        ("max-age=" + "9" * 400, 2**31, ""),
        ("private, max-age=60, s-maxage=20", 60, "private"),
        ("max-age=60, no-store", 0, ""),
        ("no-cache", 0, ""),
        ("max-age=0", 0, ""),
        ("max-age=soon", 0, ""),
        ("max-age=-1", 0, ""),
        ("max-age", 0, ""),
        ('private="set-cookie", max-age=60', 60, "private"),
    ],
)
def test_a_cache_control_is_read(value: str, seconds: float, visibility: str) -> None:
    found = told(("cache-control", value))
    assert (found.seconds, found.visibility) == (seconds, visibility)


def test_several_headers_are_one() -> None:
    assert told(("cache-control", "max-age=60"), ("cache-control", "no-store")) == NO_STORE


def test_an_answers_age_is_counted() -> None:
    assert told(("cache-control", "max-age=60"), ("age", "45")).seconds == 15
    assert told(("cache-control", "max-age=60"), ("age", "75")).seconds == 0


def test_without_a_time_the_default_counts_and_without_both_none() -> None:
    assert told().seconds == 30
    assert told(default=None).seconds == 0


def test_vary_is_kept_in_lower_case_and_a_star_stores_nothing() -> None:
    assert told(("vary", "Accept-Language, Cookie")).vary == {"accept-language", "cookie"}
    assert told(("vary", "*"), ("cache-control", "max-age=60")) == NO_STORE


def test_an_answer_of_parts_is_as_old_as_the_oldest_and_as_private_as_any() -> None:
    public, private, silent = CacheControl(9, "public"), CacheControl(8, "private"), CacheControl(7)
    assert str(merged([public, private])) == "max-age=8, private"
    assert str(merged([public, public])) == "max-age=9, public"
    assert str(merged([public, silent])) == "max-age=7"
    assert str(merged([public, CacheControl(0)])) == "no-store"


def test_a_browser_lets_go_as_soon_as_it_was_told() -> None:
    shared = told(("cache-control", "max-age=10, s-maxage=60"), ("age", "5"))
    assert str(shared) == "max-age=5, s-maxage=55"
    assert str(merged([shared, CacheControl(30)])) == "max-age=5, s-maxage=30"
    assert str(told(("cache-control", "max-age=60, s-maxage=10"))) == "max-age=10"
