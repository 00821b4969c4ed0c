from ipaddress import ip_address

import pytest

from subgraphs.tenants.dataplane.forwarding import Forwarding

CHAIN = [
    (b"x-forwarded-for", b"9.9.9.9, 10.0.0.2"),
    (b"x-forwarded-proto", b"https"),
    (b"forwarded", b"for=9.9.9.9"),
]


def test_what_a_client_says_about_itself_does_not_count() -> None:
    lines = Forwarding().lines("1.2.3.4", "http", b"api.example.com:8080", CHAIN).decode()
    assert "x-forwarded-for: 1.2.3.4\r\n" in lines
    assert "x-forwarded-proto: http\r\n" in lines
    assert 'forwarded: for=1.2.3.4;host="api.example.com:8080";proto=http\r\n' in lines
    assert "9.9.9.9" not in lines


def test_what_a_trusted_proxy_passes_on_does() -> None:
    lines = Forwarding(["10.0.0.0/8"]).lines("10.0.0.1", "http", b"api.example.com", CHAIN).decode()
    assert "x-forwarded-for: 9.9.9.9, 10.0.0.2, 10.0.0.1\r\n" in lines
    assert "x-forwarded-proto: https\r\n" in lines
    assert "forwarded: for=9.9.9.9, for=10.0.0.1;host=api.example.com;proto=http\r\n" in lines


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("10.0.0.1", b"9.9.9.9, 10.0.0.2", "9.9.9.9"),
        ("10.0.0.1", b"6.6.6.6, 9.9.9.9, 10.0.0.2", "9.9.9.9"),
        ("10.0.0.1", b"nonsense", "nonsense"),
        ("1.2.3.4", b"9.9.9.9", "1.2.3.4"),
    ],
)
def test_who_asked_is_the_last_one_that_no_trusted_proxy_has(peer: str, told: bytes, client: str) -> None:
    assert Forwarding(["10.0.0.0/8"]).client(peer, [(b"x-forwarded-for", told)]) == client


def test_an_ipv6_address_is_quoted_in_brackets() -> None:
    lines = Forwarding().lines(str(ip_address("::1")), "http", b"h", ()).decode()
    assert 'for="[::1]"' in lines
