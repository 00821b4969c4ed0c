import random
from collections import Counter
from typing import Any

import pytest

from gateway.server.http.request import HttpRequest
from gateway.server.overrides import Overrides

REQUEST = HttpRequest("POST", "/graphql", b"", {b"x-beta": b"1"}, [(b"x-beta", b"1")])
NONE: frozenset[str] = frozenset()


def test_without_labels_none_is_on_and_no_plugin_is_asked() -> None:
    def plugin(*_: Any) -> Any:
        raise AssertionError

    assert Overrides(NONE, [plugin]).decide(REQUEST) == NONE


def test_a_percentage_is_on_in_its_share_of_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    seeded = random.Random(1)
    monkeypatch.setattr(random, "random", seeded.random)
    overrides = Overrides(frozenset({"percent(0)", "percent(12.5)", "percent(70)", "percent(100)"}), [])
    decided = Counter(overrides.decide(REQUEST) for _ in range(4000))
    on = Counter(label for labels, count in decided.items() for label in labels for _ in range(count))
    assert on["percent(0)"] == 0
    assert 0.10 < on["percent(12.5)"] / 4000 < 0.15
    assert 0.67 < on["percent(70)"] / 4000 < 0.73
    assert on["percent(100)"] == 4000
    assert len(decided) == 3  # what is on less often is on only where what is on more often is on


def test_plugins_decide_about_custom_labels_and_no_others() -> None:
    asked: list[frozenset[str]] = []

    def beta(request: HttpRequest, labels: frozenset[str]) -> list[str]:
        asked.append(labels)
        return ["beta", "percent(0)", "unknown"] if request.header(b"x-beta") else []

    overrides = Overrides(frozenset({"beta", "gamma", "percent(0)"}), [beta, lambda *_: {"gamma"}])
    assert overrides.decide(REQUEST) == {"beta", "gamma"}
    assert asked == [frozenset({"beta", "gamma"})]


def test_a_plugin_that_fails_costs_its_labels_only(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Any) -> Any:
        raise OSError("no flags")

    assert Overrides(frozenset({"a", "b"}), [broken, lambda *_: ["b"]]).decide(REQUEST) == {"b"}
    assert "no flags" in caplog.text
