"""Named fragments in requests: only where they make the text shorter, and with the same meaning."""

import re
from collections.abc import Callable
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from gateway.planning.fragments import Block, shortened

Make = Callable[..., Any]

TYPES = """
type Query @join__type(graph: A) { first: T second: T query: Query long: Query }
type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! name: String title: String description: String next: T b: Int @join__field(graph: B)
}
"""
MANY = "id name title description"


def test_what_a_request_repeats_is_a_fragment(fetches: Make) -> None:
    assert fetches(TYPES, f"{{ first {{ {MANY} }} second {{ {MANY} }} third: first {{ {MANY} }} }}") == [
        "a: query{first{...F0} second{...F0} third:first{...F0}}fragment F0 on T{id name title description}"
    ]


def test_fragments_spread_fragments(fetches: Make) -> None:
    nested = f"name a: next {{ {MANY} }} b: next {{ {MANY} title2: title }} c: next {{ {MANY} }}"
    (text,) = fetches(TYPES, f"{{ first {{ {nested} }} second {{ {nested} }} third: first {{ {MANY} }} }}")
    assert text == (
        "a: query{first{...F0} second{...F0} third:first{...F1}}"
        "fragment F0 on T{name a:next{...F1} b:next{id name title description title2:title} c:next{...F1}}"
        "fragment F1 on T{id name title description}"
    )


def test_what_gets_no_shorter_stays_as_it_is(fetches: Make) -> None:
    assert fetches(TYPES, f"{{ first {{ {MANY} }} second {{ {MANY} }} }}") == [
        f"a: query{{first{{{MANY}}} second{{{MANY}}}}}"
    ]


def test_a_root_type_has_no_fragment_for_its_name_is_the_subgraphs_own(fetches: Make) -> None:
    below = "query { a: first { id name } b: second { id name } c: first { name } }"
    text = fetches(TYPES, f"{{ {below} long {{ {below} }} }}")[0]
    assert " on Query" not in text


def test_the_plan_shows_the_fragments(plan: Make) -> None:
    printed = str(plan(TYPES, f"{{ first {{ {MANY} b }} second {{ {MANY} b }} }}"))
    assert "...F0" in printed
    assert "fragment F0 on T {" in printed


def blocks(depth: int) -> st.SearchStrategy[Block]:
    heads = st.sampled_from(["id", "e:longerName(x: 1)"])
    names = st.sampled_from(["T", "_Entity"])
    leaves = st.tuples(heads, st.none())
    if not depth:
        return st.builds(Block.of, names, st.lists(leaves, min_size=1, max_size=2))
    inner = blocks(depth - 1)
    fields = st.tuples(heads, inner)
    fragments = inner.map(lambda block: (f"...on {block.type_name}", block))
    return st.builds(Block.of, names, st.lists(leaves | fields | fragments, min_size=1, max_size=3))


def written_out(selection_set: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> list[Any]:
    """The selections, named fragments as type conditions; one that holds all there is counts as what it holds."""
    found: list[Any] = []
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            alias = node.alias.value if node.alias else None
            inner = node.selection_set and written_out(node.selection_set, fragments)
            found.append((alias, node.name.value, inner))
        else:
            assert isinstance(node, FragmentSpreadNode | InlineFragmentNode)
            fragment = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            assert fragment.type_condition
            inner = written_out(fragment.selection_set, fragments)
            if len(selection_set.selections) == 1:
                return inner
            found.append((fragment.type_condition.name.value, inner))
    return found


def meaning(text: str) -> list[Any]:
    operation, *others = parse(text, no_location=True).definitions
    assert isinstance(operation, OperationDefinitionNode)
    fragments = {node.name.value: node for node in others if isinstance(node, FragmentDefinitionNode)}
    return written_out(operation.selection_set, fragments)


@given(blocks(3))
def test_a_text_with_fragments_is_no_longer_and_means_the_same(block: Block) -> None:
    (text,), definitions = shortened([block], lambda name: name != "_Entity")
    assert len(text + definitions) <= len(block.text)
    assert meaning(text + definitions) == meaning(block.text)
    assert not re.search(r"fragment \w+ on _Entity", definitions)
