"""Plans are made once for an operation, whatever its document looks like, and kept within bounds."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import parse

from gateway.planning.operation import choose_operation
from gateway.planning.refusal import Refusal
from gateway.server.errors import bad_request
from gateway.server.normal_form import normal_form
from gateway.server.operation import Document
from gateway.server.operations import Asked, Operations
from gateway.supergraph.authorization import Guard

ON = frozenset({"percent(50)"})


class Preparation:
    """Reads documents as the real one does; plans are names. `read_` and `planned` hold what was done."""

    def __init__(self) -> None:
        self.read_: list[str] = []
        self.planned: list[str] = []
        self.go = asyncio.Event()
        self.go.set()
        self.guards: frozenset[Guard] = frozenset()

    async def read(self, text: str, operation_name: str | None) -> Document:
        self.read_.append(text)
        await self.go.wait()
        node = parse(text)
        form = normal_form(node, choose_operation(node, operation_name))
        return Document(node, operation_name, form.digest, self.guards)

    async def plan(self, document: Document, override_labels: frozenset[str], refusal: Refusal) -> Any:
        text = document.node.loc.source.body if document.node.loc else ""
        self.planned.append(text)
        await self.go.wait()
        if "bad" in text:
            raise bad_request("bad")
        return SimpleNamespace(text=text, labels=override_labels, refusal=refusal)


class Cache:
    """Operations over a `Preparation`; `counted` has what was told of each request."""

    def __init__(self, **bounds: Any) -> None:
        self.preparation = Preparation()
        self.counted: list[bool] = []
        self.operations = Operations(self.preparation, count=self.counted.append, **bounds)

    async def get(self, text: str, name: str | None = None, labels: frozenset[str] = frozenset()) -> Any:
        return await self.operations.get(Asked(text, name, labels))


async def test_an_operation_is_prepared_once() -> None:
    cache = Cache()
    plans = [await cache.get("{a}") for _ in range(3)]
    assert plans[0] is plans[1] is plans[2]
    assert (cache.preparation.read_, cache.preparation.planned) == (["{a}"], ["{a}"])
    assert cache.counted == [False, True, True]


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ("query A {\n  a # comment\n}", "A"),
        ("query A { a } query B { b }", "A"),
        ("query B { b { ...F } } fragment F on T { c } query A { a }", "A"),
    ],
)
async def test_documents_that_say_the_same_share_a_plan(other: str, name: str) -> None:
    cache = Cache()
    assert await cache.get("query A{a}", "A") is await cache.get(other, name)
    assert cache.preparation.planned == ["query A{a}"]
    assert cache.counted == [False, True]
    await cache.get(other, name)
    assert cache.preparation.read_ == ["query A{a}", other]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{a}", "{b}"),
        ("{a}", "{x: a}"),
        ("query A {a}", "query B {a}"),
        ("{a b}", "{b a}"),
        ("{...F} fragment F on Query {a}", "{...F} fragment F on Query {b}"),
        ('{a(b: "x y")}', '{a(b: "x  y")}'),
        ("query ($v: Int) {a(b: $v)}", "query ($v: Int = 1) {a(b: $v)}"),
    ],
)
async def test_operations_that_differ_are_each_planned(one: str, other: str) -> None:
    cache = Cache()
    assert await cache.get(one) is not await cache.get(other)


async def test_operations_of_one_document_are_each_planned() -> None:
    cache = Cache()
    text = "query A {a} query B {b}"
    assert await cache.get(text, "A") is not await cache.get(text, "B")


async def test_a_plan_belongs_to_the_labels_that_are_on() -> None:
    cache = Cache()
    plans = [await cache.get("{a}", labels=labels) for labels in (frozenset(), ON, frozenset(), ON)]
    assert [plan.labels for plan in plans] == [frozenset(), ON, frozenset(), ON]
    assert len(cache.preparation.planned) == 2


@pytest.mark.parametrize("text_of", [lambda _: "{a}", lambda n: "{a}" + " " * n])
async def test_equal_requests_wait_for_one_plan(text_of: Callable[[int], str]) -> None:
    cache = Cache()
    cache.preparation.go.clear()
    waiting = [asyncio.create_task(cache.get(text_of(n))) for n in range(10)]
    await asyncio.sleep(0)
    cache.preparation.go.set()
    plans = await asyncio.gather(*waiting)
    assert all(plan is plans[0] for plan in plans)
    assert len(cache.preparation.planned) == 1


async def test_a_client_that_gives_up_does_not_take_the_others_operation_with_it() -> None:
    cache = Cache()
    cache.preparation.go.clear()
    first, second = (asyncio.create_task(cache.get("{a}")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    cache.preparation.go.set()
    assert (await second).text == "{a}"
    assert first.cancelled()


async def test_a_failure_goes_to_all_who_wait_and_is_not_kept() -> None:
    cache = Cache()
    outcomes = await asyncio.gather(*(cache.get("{bad}") for _ in range(3)), return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["bad"] * 3
    with pytest.raises(Exception, match="bad"):
        await cache.get("{bad}")
    assert len(cache.preparation.planned) == 2
    assert len(cache.operations) == 0


async def test_the_plans_used_last_are_kept() -> None:
    cache = Cache(max_plans=2)
    for text in ("{a}", "{b}", "{a}", "{c}", "{a}", "{b}"):
        await cache.get(text)
    assert cache.preparation.planned == ["{a}", "{b}", "{c}", "{b}"]


async def test_texts_and_plans_have_a_bounded_length() -> None:
    cache = Cache(max_characters=100)
    for field in "abcdefgh":
        await cache.get(f"{{{field}}}" + " " * 30)
    assert len(cache.operations) == 3


async def test_the_most_used_are_told_and_prepared_elsewhere() -> None:
    old, new = Cache(), Cache()
    for text, uses in (("{a}", 2), ("{b}", 5), ("{bad2: c}", 1), ("{d}", 3)):
        for _ in range(uses):
            if "bad" not in text:
                await old.get(text, labels=ON)
    used = old.operations.most_used(2)
    assert [asked.text for asked in used] == ["{b}", "{d}"]
    await new.operations.prepare([Asked("{bad}"), *used])
    assert new.counted == []
    await new.get("{ d }", labels=ON)
    assert new.counted == [True]
    assert new.preparation.planned == ["{bad}", "{b}", "{d}"]


async def test_callers_who_pass_the_same_guards_share_a_plan() -> None:
    cache = Cache()
    sign_in, scope = Guard("authenticated"), Guard("requiresScopes", (frozenset({"a"}),))
    cache.preparation.guards = frozenset({sign_in, scope})
    asked_about: list[frozenset[Guard]] = []

    async def get(*refused: Guard) -> Any:
        async def decide(guards: frozenset[Guard]) -> Refusal:
            asked_about.append(guards)
            return Refusal(frozenset(refused))

        return await cache.operations.get(Asked("{a}"), decide)

    plans = [await get(), await get(scope), await get(scope), await get(sign_in, scope), await get()]
    assert plans[1] is plans[2]
    assert plans[0] is plans[4]
    assert [plan.refusal.guards for plan in plans[:4]] == [set(), {scope}, {scope}, {sign_in, scope}]
    assert asked_about == [{sign_in, scope}] * 5


async def test_nobody_is_asked_about_an_operation_without_guards() -> None:
    cache = Cache()

    async def decide(_: frozenset[Guard]) -> Refusal:
        raise AssertionError

    for _ in range(2):
        await cache.operations.get(Asked("{a}"), decide)


async def test_what_was_refused_is_prepared_elsewhere_as_it_was() -> None:
    old, new = Cache(), Cache()
    refusal = Refusal(frozenset({Guard("authenticated")}))
    for cache in (old, new):
        cache.preparation.guards = refusal.guards

    async def decide(_: frozenset[Guard]) -> Refusal:
        return refusal

    await old.operations.get(Asked("{a}"), decide)
    await new.operations.prepare(old.operations.most_used(1))
    await new.operations.get(Asked("{a}"), decide)
    assert new.counted == [True]
