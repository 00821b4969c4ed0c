"""Typed execution gives, byte for byte, what the general path gives, and leaves to it what it does not cover."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Mapping
from random import Random
from typing import Any

import msgspec
import pytest
from graphql import FieldNode, SelectionSetNode, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from common.http import ConnectError, Request, Response
from gateway.composition import Subgraph, compose
from gateway.execution import CompiledPlan, RequestContext, compile_plan
from gateway.execution.completion.collect_fields import is_included
from gateway.execution.result import EncodedResult, ExecutionResult
from gateway.execution.typed import Programs, programs
from gateway.planning import Planner
from gateway.supergraph import Supergraph

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires"])'
SHOP = """
    type Query { items: [Item!]! grid: [[Item]] best: Item things: [Thing!] owner: Owner node: Node }
    type Mutation { first: Item second: Item! }
    type Item @key(fields: "id") { id: ID! title: String size: Float tags: [String!] data: JSON maker: Maker! box: Box }
    type Box { kind: Kind! item: Item }
    type Maker @key(fields: "id") { id: ID! }
    union Thing = Item | Note
    type Note { text: String! about: Item }
    interface Node { id: ID! }
    interface Owner { name: String! }
    type Person implements Owner & Node @key(fields: "id") { id: ID! name: String! likes: [Item!]! }
    type Firm implements Owner & Node @key(fields: "id") { id: ID! name: String! maker: Maker }
    enum Kind { RED BLUE }
    scalar JSON
"""
STOCK = """
    type Item @key(fields: "id") {
        id: ID! size: Float @external count: Int! place: String near: [Item!] weight: Int @requires(fields: "size")
        box: Box @external heavy: Boolean @requires(fields: "box { kind }")
    }
    type Box { kind: Kind! @external }
    enum Kind { RED BLUE }
    type Person @key(fields: "id") { id: ID! age: Int }
"""
MAKERS = """
    type Maker @key(fields: "id") { id: ID! name: String! country: String best: Item }
    type Item @key(fields: "id") { id: ID! }
    type Firm @key(fields: "id") { id: ID! founded: Int! }
"""
COMPOSED = compose(
    Subgraph(name=name, sdl=LINK + sdl, url=name)
    for name, sdl in {"shop": SHOP, "stock": STOCK, "makers": MAKERS}.items()
)
assert COMPOSED.supergraph_sdl, COMPOSED.errors
SUPERGRAPH = Supergraph.from_sdl(COMPOSED.supergraph_sdl)

OPERATIONS = (
    "{ items { title count } }",
    "{ items { place maker { name } } best { id place maker { country best { id count } } } }",
    "{ grid { t: title count near { id place weight } } }",
    "{ things { __typename ... on Item { count box { kind item { place } } } ... on Note { text about { title count } } } }",
    "{ owner { name ... on Person { age likes { place maker { name } } } ... on Firm { founded maker { name } } } }",
    "{ node { ... on Person { age } } best { data tags size box { item { box { kind item { weight } } } } } }",
    "{ items { heavy box { item { heavy } } } best { heavy } }",
    "query($a: Boolean!) { items { id count @include(if: $a) maker { name @skip(if: $a) } } }",
    "mutation { second { id count } first { near { title } } }",
)


def item(number: int, depth: int = 2) -> dict[str, Any]:
    inner = item(number + 1, depth - 1) if depth else None
    return {
        "__typename": "Item",
        "id": str(number),
        "title": f'title "{number}" ü' if number % 3 else None,
        "count": number + 50,
        "place": "here",
        "weight": 3,
        "heavy": number % 2 == 0,
        "size": [1, 2.5, 1e3][number % 3],
        "tags": ["a", "b"],
        "data": [{"any": [1, None]}, "text", 7][number % 3],
        "maker": {"__typename": "Maker", "id": str(number % 2)},
        "box": {"kind": "RED", "item": inner} if depth else None,
    }


PERSON = {"__typename": "Person", "id": "p", "name": "Ada", "likes": [item(1), item(1), item(4)]}
FIRM = {"__typename": "Firm", "id": "f", "name": "Ada & co", "maker": {"__typename": "Maker", "id": "0"}}
ROOT: dict[str, Any] = {
    "items": [item(1), item(2), item(1), item(3)],
    "grid": [[item(1), None], None, [], [item(2), item(1)]],
    "best": item(2),
    "things": [item(5), {"__typename": "Note", "text": "n", "about": item(5)}, item(5)],
    "owner": PERSON,
    "node": FIRM,
    "first": item(1),
    "second": item(2),
}


def entity(representation: Mapping[str, Any]) -> dict[str, Any] | None:
    number = str(representation.get("id"))
    digit = sum(map(ord, number))
    match representation["__typename"]:
        case "Item" if number == "9":
            return None
        case "Item":
            near = [item(digit % 5), item(digit % 5)] if digit % 2 else None
            return {**item(int(number) if number.isdecimal() else 0), "near": near}
        case "Maker":
            return {
                "__typename": "Maker",
                "name": f"maker {number}",
                "country": None,
                "best": item(digit % 5),
            }
        case "Person":
            return {"__typename": "Person", "age": 36}
        case _:
            return {"__typename": "Firm", "founded": 1400}


def selected(value: Any, selection_set: SelectionSetNode | None, variables: Mapping[str, Any]) -> Any:
    """What the selections leave of a value; fragments on abstract types apply to all."""
    if isinstance(value, list):
        return [selected(each, selection_set, variables) for each in value]
    if selection_set is None or value is None:
        return value
    found: dict[str, Any] = {}
    for node in selection_set.selections:
        if not is_included(node, variables):
            continue
        if isinstance(node, FieldNode):
            aliased = (node.alias or node.name).value
            name = aliased if aliased.startswith("_e") else node.name.value
            found[aliased] = selected(value[name], node.selection_set, variables)
        elif value.get("__typename") in (node.type_condition.name.value, None):  # type: ignore[union-attr]
            found |= selected(value, node.selection_set, variables)  # type: ignore[attr-defined]
    return found


Fault = Callable[[dict[str, Any]], Any]


class Shop:
    """Any of the subgraphs. Answers the same request the same way, whatever `fault` makes of it."""

    url = ""

    def __init__(self, fault: Fault = lambda answer: answer) -> None:
        self.sent: list[bytes] = []
        self._fault = fault

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - the protocol's
        del timeout
        self.sent.append(request.body)
        body = msgspec.json.decode(request.body)
        variables = body.get("variables", {})
        lists = {name: given for name, given in variables.items() if isinstance(given, list)}
        data: dict[str, Any] = copy.deepcopy(ROOT)
        for number, wanted in enumerate(lists.values()):
            alias = "_entities" if len(lists) == 1 else f"_e{number}"
            data[alias] = [entity(representation) for representation in wanted]
        operation = parse(body["query"]).definitions[0]
        answer = self._fault({"data": selected(data, operation.selection_set, variables)})  # type: ignore[union-attr]
        if isinstance(answer, Exception):
            raise answer
        return Response(200, (), msgspec.json.encode(answer))

    async def close(self) -> None:
        pass


def compiled(operation: str) -> CompiledPlan:
    return compile_plan(Planner(SUPERGRAPH).plan(operation), SUPERGRAPH)


async def execute(plan: CompiledPlan, shop: Shop, variables: Mapping[str, Any]) -> Any:
    context = RequestContext(
        transports=dict.fromkeys(("shop", "stock", "makers"), shop), headers=lambda _: ()
    )
    return await plan.execute(variables, context)


async def both(
    plan: CompiledPlan, fault: Callable[[], Fault], variables: Mapping[str, Any]
) -> tuple[Any, Any]:
    """The result of each path with the requests that it sent; the typed one made anew."""
    plan.prepare(variables)
    program = plan._programs.of(variables)
    assert program is not None
    typed = Shop(fault())
    first = await execute(plan, typed, variables), typed.sent
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Programs, "of", lambda _self, _variables: None)
        general = Shop(fault())
        second = await execute(plan, general, variables), general.sent
    return first, second


PLANS = {operation: compiled(operation) for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("value", [True, False])
async def test_what_goes_as_it_should_is_answered_alike_without_the_general_path(
    operation: str,
    value: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    variables = {"a": value} if "$a" in operation else {}
    (typed, sent), (general, sent_by_general) = await both(
        PLANS[operation], lambda: lambda answer: answer, variables
    )
    assert isinstance(typed, EncodedResult)
    assert typed.encode() == general.encode()
    assert typed.encode({"x": 1}) == general.encode({"x": 1})
    assert sorted(sent) == sorted(sent_by_general)


def faulty(random: Random) -> Fault:
    """Spoils about one answer in two somewhere; the same random numbers spoil the same answers."""
    seed = random.random()

    def spoil(answer: dict[str, Any]) -> Any:
        own = Random(f"{seed}{msgspec.json.encode(answer)!r}")
        if own.random() < 0.5:
            return answer
        match own.randrange(8):
            case 0:
                return ConnectError("refused")
            case 1:
                return {**answer, "errors": [{"message": "no", "path": [own.choice(list(answer["data"]))]}]}
            case 2:
                return {"data": None, "errors": [{"message": "no"}]}
            case _:
                for _ in range(own.randint(1, 3)):
                    _spoil_somewhere(answer["data"], own)
                return answer

    return spoil


def _spoil_somewhere(value: Any, random: Random) -> None:
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = random.choice(keys)
        if random.random() < 0.3 or not isinstance(value[key], dict | list):
            break
        value = value[key]
    if random.random() < 0.15:
        del value[key]
    else:
        value[key] = random.choice(
            [None, 7, "RED", "x", 2**40, 1.0, [], {}, [None], {"__typename": "Note"}, True]
        )


@settings(deadline=None)  # the machine is shared
@given(operation=st.sampled_from(OPERATIONS), value=st.booleans(), seed=st.integers())
async def test_whatever_subgraphs_answer_both_paths_give_the_same(
    operation: str,
    value: bool,  # noqa: FBT001 - a parameter of the test
    seed: int,
) -> None:
    variables = {"a": value} if "$a" in operation else {}
    (typed, sent), (general, _) = await both(PLANS[operation], lambda: faulty(Random(seed)), variables)
    assert msgspec.json.decode(typed.encode()) == msgspec.json.decode(general.encode())
    assert len(set(sent)) == len(sent)


async def test_what_was_sent_is_not_sent_again_when_the_general_path_takes_over() -> None:
    def misfit(answer: dict[str, Any]) -> Any:
        if "_entities" in answer["data"]:
            answer["data"]["_entities"][0]["count"] = "seven"
        return answer

    (typed, sent), (general, sent_by_general) = await both(
        PLANS["{ items { title count } }"], lambda: misfit, {}
    )
    assert typed.errors == general.errors != []
    assert sent == sent_by_general


async def test_answers_that_never_fit_are_tried_less_and_less() -> None:
    plan = compiled("{ items { id } }")
    plan.prepare({})
    program = plan._programs.of({})
    assert program is not None
    runs: list[int] = []
    tried: list[int] = []
    run = program._run

    async def note(state: Any) -> None:
        tried.append(runs[-1])
        await run(state)

    program._run = note
    for number in range(20):
        runs.append(number)
        await execute(plan, Shop(lambda _: {"data": {"items": [{"id": 7}]}}), {})
    assert tried == [0, 1, 3, 7, 15]
    for number in range(20, 36):
        runs.append(number)
        await execute(plan, Shop(), {})
    assert tried[5:] == [31, 32, 33, 34, 35]


async def results(plan: CompiledPlan, variables: Mapping[str, Any]) -> AsyncIterator[type]:
    """How one request after another is answered; what is compiled meanwhile is awaited."""
    while True:
        yield type(await execute(plan, Shop(), variables))
        await asyncio.get_running_loop().run_in_executor(programs._compiling, lambda: None)


async def test_an_operation_that_comes_again_is_compiled_in_a_thread() -> None:
    kinds = results(compiled("{ items { id } }"), {})
    assert [await anext(kinds) for _ in range(3)] == [ExecutionResult, ExecutionResult, EncodedResult]


async def test_each_set_of_conditions_is_compiled_when_it_comes_again() -> None:
    plan = compiled(OPERATIONS[7])
    shown, hidden = results(plan, {"a": True}), results(plan, {"a": False})
    assert [await anext(shown) for _ in range(3)][-1] is EncodedResult
    assert await anext(hidden) is ExecutionResult


async def test_a_defect_in_compiling_is_logged_and_costs_no_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.execution.typed.programs.compile_program", fail)
    kinds = results(compiled("{ items { id } }"), {})
    assert {await anext(kinds) for _ in range(4)} == {ExecutionResult}
    assert [record.message for record in caplog.records] == ["A plan could not be compiled to typed code"]
