"""What a client is made of, and what of it is refused; whatever the operation, its answer fits its classes."""

import importlib
import itertools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from graphql import GraphQLSchema, build_schema, graphql_sync, is_enum_type, is_list_type, is_non_null_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

from gateway.client import ClientError, OperationFile, Options, generate

SDL = """
enum Color { RED title }
interface Node { id: ID! parent: Node }
interface Named { name: String! }
type A implements Node & Named { id: ID! name: String! parent: A list: [[Int!]]! color: Color items: [Item] }
type B implements Node { id: ID! parent: Node field: Float other: Boolean! a: A! }
union Item = A | B
type Query { node(id: ID): Node named: Named item: Item! a: A items: [Item!]! str: String int(color: Color, ids: [ID!]): Int }
type Subscription { ticks: Int }
"""
SCHEMA = build_schema(SDL)


def made(*texts: str, schema: GraphQLSchema = SCHEMA, **scalars: str) -> Mapping[str, str]:
    files = [OperationFile(f"{number}.graphql", text) for number, text in enumerate(texts)]
    return generate(schema, files, Options(scalars)).files


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("query {", "0.graphql:1:8: Syntax Error: Expected Name, found <EOF>."),
        ("{ str }", "0.graphql:1:1: An operation needs a name, which its function will have"),
        ("query Q {\n  no\n}", "0.graphql:2:3: Cannot query field 'no' on type 'Query'."),
        ("subscription S { ticks }", "0.graphql:1:1: Clients of subscriptions cannot be made yet"),
        ("query getA { str } query GetA { str }", "0.graphql:1:26: `GetA` and `getA` would be one function, `get_a`"),
        ("query Q { ...F } fragment F on Query { ...F }", "0.graphql:1:40: Cannot spread fragment 'F' within itself."),
        ("fragment F on A { id }", "There are no operations"),
        ("query Color { int(color: RED) a { color } }", "`Color` would be the name of 2 things"),
        ("query Client { str }", "`Client` would be the name of 2 things"),
    ],
)  # fmt: skip
def test_what_makes_no_client_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ClientError) as failure:
        made(text)
    assert str(failure.value).startswith(message)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ClientError) as failure:
        made("query A { x }", "query B { y }")
    assert [problem.file for problem in failure.value.problems] == ["0.graphql", "1.graphql"]


def test_a_scalar_that_is_not_there_is_refused() -> None:
    with pytest.raises(ClientError, match="no scalar `Money`"):
        made("query Q { str }", Money="decimal.Decimal")


def test_the_order_of_files_makes_no_difference() -> None:
    texts = [
        "query Q { a { ...F } }",
        "query P { item { ...G } }",
        "fragment F on A { id }",
        "fragment G on Item { ... on A { ...F } }",
    ]
    packages = [made(*order) for order in itertools.permutations(texts)]
    assert all(package == packages[0] for package in packages)


def test_a_document_holds_the_fragments_that_it_needs_and_no_others() -> None:
    package = made(
        "query Q { a { ...F } } fragment F on A { id ...H } fragment G on A { id } fragment H on A { name }"
    )
    document = package["q.py"].partition('document="""\\\n')[2].partition('"""')[0]
    assert [line for line in document.splitlines() if line.startswith("fragment")] == [
        "fragment F on A {", "fragment H on A {",
    ]  # fmt: skip


def test_names_that_python_has_for_itself_are_evaded() -> None:
    package = made(
        "query Q($class: [ID!], $client: Color) { int(ids: $class, color: $client) class: str a { list field: name } }"
    )
    assert 'class_: str | None = field(name="class")' in package["q.py"]
    assert 'list_: list[list[int] | None] = field(name="list")' in package["q.py"]
    assert "    class_: list[str] | None | UnsetType = UNSET,\n    client_: Color" in package["q.py"]
    assert 'title_ = "title"' in package["enums.py"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(query=queries(SDL, allow_x00=False), seed=st.integers(0, 1000))
def test_whatever_the_operation_its_answer_fits_its_classes(
    query: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert query.startswith("{")
    package = made(f"query TheQuery {query}")
    operation = _imported(tmp_path_factory.mktemp("clients"), package).OPERATION
    answers = Answers(seed).resolve
    answer = graphql_sync(SCHEMA, operation.document, {}, field_resolver=answers, type_resolver=_type_of)
    assert answer.errors is None, answer.errors
    encoded = msgspec.json.encode(answer.data)
    data = msgspec.json.decode(encoded, type=operation.data)
    assert msgspec.json.decode(msgspec.json.encode(data)) == msgspec.json.decode(encoded)


class Answers:
    """Values of any type, by a seed."""

    def __init__(self, seed: int) -> None:
        self._numbers = itertools.count(seed)

    def resolve(self, _source: Any, info: Any, **_: Any) -> Any:
        return self._value(info.return_type, may_be_null=True)

    def _value(self, type_: Any, *, may_be_null: bool) -> Any:
        number = next(self._numbers)
        if is_non_null_type(type_):
            return self._value(type_.of_type, may_be_null=False)
        if may_be_null and number % 4 == 0:
            return None
        if is_list_type(type_):
            return [self._value(type_.of_type, may_be_null=True) for _ in range(number % 3)]
        if is_enum_type(type_):
            return list(type_.values)[number % len(type_.values)]
        leaves = {"ID": str(number), "String": "text", "Int": number, "Float": 0.5, "Boolean": True}
        return leaves.get(type_.name, {"number": number})


def _type_of(value: Any, _: Any, abstract: Any) -> str:
    possible = SCHEMA.get_possible_types(abstract)
    return str(possible[value["number"] % len(possible)].name)


_packages = itertools.count()


def _imported(folder: Path, package: Mapping[str, str]) -> Any:
    name = f"client_{next(_packages)}"
    (folder / name).mkdir()
    for file, text in package.items():
        (folder / name / file).write_text(text)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(f"{name}.the_query")
    finally:
        sys.path.remove(str(folder))
