"""Guarantee: a configuration that does not hold together is refused, with the place of each error."""

import json
from typing import Any

import pytest

from subgraphs.tenants.dataplane.checking import ConfigurationError, read


def document() -> dict[str, Any]:
    return {
        "tenant": "acme",
        "version": 1,
        "hosts": ["api.example.com"],
        "routes": [{"name": "all", "upstream": "main", "policy": "open"}],
        "upstreams": {"main": {"targets": [{"url": "http://127.0.0.1:1"}]}},
        "policies": {"open": {"key_required": False}},
        "plans": {"free": {"concurrency": 5}},
    }


def places(changed: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        read(json.dumps(changed).encode())
    return [problem.place for problem in raised.value.problems]


def change(path: str, value: Any) -> dict[str, Any]:
    whole = document()
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner: Any = whole
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return whole


def test_a_configuration_is_read() -> None:
    assert read(json.dumps(document()).encode()).routes[0].name == "all"


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("version", 0, "version"),
        ("hosts.0", "API.example.com", "hosts[0]"),
        ("hosts", ["a.b", "a.b"], "hosts[1]"),
        ("routes.0.upstream", "x", "routes[0].upstream"),
        ("routes.0.policy", "x", "routes[0].policy"),
        ("routes.0.prefix", "/a//b", "routes[0].prefix"),
        ("routes.0.prefix", "/a/", "routes[0].prefix"),
        ("routes.0.prefix", "/a;b", "routes[0].prefix"),
        ("routes.0.hosts", ["b.c"], "routes[0].hosts[0]"),
        ("routes.0.methods", ["G T"], "routes[0].methods[0]"),
        ("routes.0.metods", ["GET"], "routes[0]"),
        ("upstreams.main.targets.0.url", "ftp://x", "upstreams.main.targets[0].url"),
        ("upstreams.main.targets.0.url", "http://", "upstreams.main.targets[0].url"),
        ("upstreams.main.targets.0.url", "http://a/b", "upstreams.main.targets[0].url"),
        ("upstreams.main.targets.0.url", "http://a:b", "upstreams.main.targets[0].url"),
        ("upstreams.main.targets.0.url", "http://u:p@a", "upstreams.main.targets[0].url"),
        ("policies.open.scopes", ["a"], "policies.open.scopes"),
        ("policies.open.request_headers", {"set": {"Host": "x"}}, "policies.open.request_headers"),
        ("policies.open.request_headers", {"set": {"a": "b\r\nc"}}, "policies.open.request_headers.set[...]"),
        ("policies.open.cors", {"origins": ["*"], "credentials": True}, "policies.open.cors.origins"),
        ("policies.open.limits", {"attributes": []}, "policies.open.limits.attributes"),
    ],
)
def test_an_error_names_its_place(path: str, value: Any, place: str) -> None:
    found = places(change(path, value))
    assert [
        each.replace("upstreams[...]", "upstreams.main").replace("policies[...]", "policies.open")
        for each in found
    ] == [place]


def test_all_errors_are_told() -> None:
    whole = change("routes.0.upstream", "x")
    whole["routes"][0]["policy"] = "y"
    assert places(whole) == ["routes[0].upstream", "routes[0].policy"]


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        read(b"{")
