"""Guarantee: a client can set nothing that an upstream would take for the gateway's word."""

from hypothesis import given
from hypothesis import strategies as st

from subgraphs.tenants.dataplane.config import HeaderRules
from subgraphs.tenants.dataplane.headers import Rules, connection_options, request_lines, response_headers

NO_RULES = Rules(HeaderRules())
OURS = (
    "x-hansa-consumer",
    "x-hansa-anything",
    "x-forwarded-for",
    "x-forwarded-user",
    "forwarded",
    "x-real-ip",
)
HOPS = ("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-authorization")
NAMES = st.sampled_from(
    (*OURS, *HOPS, "host", "content-length", "expect", "proxy", "x-original-url", "remote-user")
)
PLAIN = st.from_regex(r"x-[a-g]{1,8}", fullmatch=True)
VALUES = st.sampled_from((b"1", b"close", b"x-abc, keep-alive", b""))


@st.composite
def spelt(draw: st.DrawFn) -> bytes:
    """A name, with any of its hyphens as underscores."""
    return b"".join(
        draw(st.sampled_from((b"-", b"_"))) if letter == "-" else letter.encode() for letter in draw(NAMES)
    )


@given(st.lists(st.tuples(st.one_of(spelt(), PLAIN.map(str.encode)), VALUES)))
def test_only_what_is_the_clients_own_passes(headers: list[tuple[bytes, bytes]]) -> None:
    options = connection_options(headers)
    lines = request_lines(headers, options, NO_RULES)
    names = [line.partition(b":")[0] for line in lines.split(b"\r\n")[:-1]]
    for name in names:
        read = name.replace(b"_", b"-").decode()
        assert not read.startswith(("x-hansa-", "x-forwarded-"))
        assert read not in {*OURS, *HOPS, "host", "content-length", "expect", "proxy", "x-original-url"}
        assert name not in options
    kept = [name for name, _ in headers if name.startswith(b"x-") and name[2:].isalpha()]
    assert [name for name in kept if name not in options] == names


def test_the_rules_of_a_policy_replace_what_the_client_has_sent() -> None:
    rules = Rules(HeaderRules(set={"X-Api-Version": "2"}, remove=("Cookie",)))
    headers = [(b"x-api-version", b"9"), (b"cookie", b"a=b"), (b"accept", b"*/*")]
    assert request_lines(headers, frozenset(), rules) == b"accept: */*\r\nx-api-version: 2\r\n"


def test_what_ends_at_the_target_does_not_reach_the_client() -> None:
    headers = [
        (b"Content-Type", b"a/b"),
        (b"Connection", b"X-Hop, close"),
        (b"X-Hop", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Set-Cookie", b"a"),
        (b"Set-Cookie", b"b"),
    ]
    passed = [(b"content-type", b"a/b"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    assert response_headers(headers, NO_RULES) == passed
