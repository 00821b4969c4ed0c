import pytest

from common.app import request as service_request
from gateway.server.config import parse_config
from gateway.server.headers import CLIENT_ADDRESS_HEADER, HeaderPropagation

CLIENT = (
    ("x-a", "1"),
    ("x-a", "2"),
    ("x-b", "3"),
    ("authorization", "Bearer t"),
    ("hansa-caller", "root"),
    ("host", "example.com"),
    ("content-length", "5"),
    ("connection", "keep-alive"),
    ("transfer-encoding", "chunked"),
    ("te", "trailers"),
    ("upgrade", "websocket"),
    ("traceparent", "00-1-1-00"),
)


def sent(rules: str, subgraph: str = "products") -> list[tuple[str, str]]:
    lines = "\n".join("      " + line for line in rules.strip().splitlines())
    config = parse_config(f"headers:\n  all:\n    request:\n{lines}\n", {})
    return list(HeaderPropagation(config.headers, subgraph).apply(CLIENT))


def test_nothing_is_sent_without_rules() -> None:
    config = parse_config("", {})
    assert HeaderPropagation(config.headers, "products").apply(CLIENT) == ()


@pytest.mark.parametrize(
    ("rules", "headers"),
    [
        ("- propagate: {named: X-A}", [("x-a", "1"), ("x-a", "2")]),
        ("- propagate: {named: x-b, rename: X-C}", [("x-c", "3")]),
        ("- propagate: {named: x-d, default: '9'}", [("x-d", "9")]),
        ("- propagate: {named: x-d}", []),
        ("- propagate: {matching: x-.*}", [("x-a", "1"), ("x-a", "2"), ("x-b", "3")]),
        ("- propagate: {matching: x}", []),
        ("- propagate: {matching: x-.*}\n- remove: {named: X-A}", [("x-b", "3")]),
        ("- propagate: {matching: x-.*}\n- remove: {matching: 'x-[b]'}", [("x-a", "1"), ("x-a", "2")]),
        ("- insert: {name: X-B, value: '7'}", [("x-b", "7")]),
        ("- propagate: {named: x-b}\n- insert: {name: x-b, value: '7'}", [("x-b", "7")]),
        ("- propagate: {named: x-b, rename: x-c}\n- propagate: {matching: x-b}", [("x-c", "3")]),
        ("- remove: {named: x-b}\n- propagate: {named: x-b}", [("x-b", "3")]),
    ],
)
def test_rules_work_in_their_order(rules: str, headers: list[tuple[str, str]]) -> None:
    assert sent(rules) == headers


def test_everything_means_no_header_of_the_connection_and_none_of_the_platform() -> None:
    assert {name for name, _ in sent("- propagate: {matching: .*}")} == {"x-a", "x-b", "authorization"}


@pytest.mark.parametrize(
    "name", ["hansa-caller", "host", "connection", "content-length", "transfer-encoding", "traceparent"]
)
def test_a_reserved_header_does_not_pass_by_its_name_either(name: str) -> None:
    assert sent(f"- propagate: {{named: {name}}}") == []


@pytest.mark.parametrize("name", ["hansa-caller", "Hansa-Deadline-Ms", "host"])
def test_a_header_cannot_be_renamed_to_a_reserved_one(name: str) -> None:
    assert sent(f"- propagate: {{named: x-b, rename: {name}}}") == []


def test_a_subgraphs_own_rules_follow_those_of_all() -> None:
    text = """
headers:
  all:
    request:
      - insert: {name: x, value: all}
  subgraphs:
    products:
      request:
        - insert: {name: x, value: own}
"""
    headers = parse_config(text, {}).headers
    assert HeaderPropagation(headers, "products").apply(()) == (("x", "own"),)
    assert HeaderPropagation(headers, "reviews").apply(()) == (("x", "all"),)


def test_services_read_the_clients_address_where_the_router_writes_it() -> None:
    assert CLIENT_ADDRESS_HEADER.encode() == service_request.CLIENT_ADDRESS_HEADER


CLAIMS = {
    "sub": "u1",
    "roles": ["a", "b"],
    "name": "Zoë",
    "evil": "x\r\nhansa-caller: root",
    "age": 7,
    "no": None,
}


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("sub", "u1"),
        ("roles", '["a","b"]'),
        ("name", '"Zo\\u00eb"'),
        ("evil", '"x\\r\\nhansa-caller: root"'),
        ("age", "7"),
        ("empty", None),
        ("nothing", None),
    ],
)
def test_a_claim_is_a_header_of_plain_text_or_json(claim: str, value: str | None) -> None:
    config = parse_config(f"headers: {{all: {{request: [{{insert: {{name: X-C, claim: {claim}}}}}]}}}}", {})
    found = HeaderPropagation(config.headers, "products").apply(CLIENT, CLAIMS)
    assert found == ((("x-c", value),) if value is not None else ())


def test_all_claims_are_a_header_by_apollos_name() -> None:
    rule = "insert: {name: x-claims, from_context: 'apollo::authentication::jwt_claims'}"
    config = parse_config(f"headers: {{all: {{request: [{{{rule}}}]}}}}", {})
    ((name, value),) = HeaderPropagation(config.headers, "products").apply((), {"sub": "u1", "age": 7})
    assert (name, value) == ("x-claims", '{"sub":"u1","age":7}')


@pytest.mark.parametrize(
    "rules",
    [
        "- propagate: {matching: .*}\n- insert: {name: X-A, claim: sub}",
        "- insert: {name: X-A, claim: sub}\n- propagate: {matching: .*}",
        "- propagate: {named: x-b, rename: X-A}\n- insert: {name: x-a, claim: sub}",
    ],
)
@pytest.mark.parametrize("claims", [None, {}, {"sub": "u1"}])
def test_a_client_cannot_set_the_header_of_a_claim(rules: str, claims: dict[str, str] | None) -> None:
    lines = "\n".join("      " + line for line in rules.splitlines())
    config = parse_config(f"headers:\n  all:\n    request:\n{lines}\n", {})
    found = HeaderPropagation(config.headers, "products").apply(CLIENT, claims)
    assert [value for name, value in found if name == "x-a"] == (["u1"] if claims else [])
