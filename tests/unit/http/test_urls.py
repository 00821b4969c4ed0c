"""Where a URL's requests go when they name no path of their own."""

import pytest

from common.http.transport import path_of


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://identity:8000/revocations", "/revocations"),
        ("http://identity:8000", "/"),
        ("https://identity/a/b?c=d", "/a/b?c=d"),
        ("app://identity/revocations", "/revocations"),
        ("unix:///run/identity.sock?path=/revocations", "/revocations"),
        ("unix:///run/identity.sock", "/"),
    ],
)
def test_the_path_of_a_url(url: str, path: str) -> None:
    assert path_of(url) == path
