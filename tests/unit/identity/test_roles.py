import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import subgraphs
from common.inputs import InvalidInputError
from subgraphs.identity.domain.roles import BUILT_IN, Grant, Holding, Role, access_of, check_role

names = st.sampled_from(["pilot", "cook", "admin", "operator", "gone"])
attributes = st.dictionaries(st.sampled_from(["department", "region"]), st.sampled_from(["a", "b"]))
grants = st.builds(Grant, st.sampled_from(["x", "y", "z"]), attributes)
KNOWN = st.fixed_dictionaries(
    {
        name: st.builds(Role, st.just(name), st.just("-"), st.lists(grants).map(tuple))
        for name in ("pilot", "cook")
    }
)


@given(st.frozensets(names), attributes, KNOWN)
def test_a_scope_is_there_just_when_a_held_role_grants_it_to_such_a_user(
    held: frozenset[str], has: dict[str, str], made: dict[str, Role]
) -> None:
    known = BUILT_IN | made
    access = access_of(Holding(held, has), known)
    for scope in ("graph", "identity:admin", "x", "y", "z"):
        granting = [
            grant
            for name in held | {"member"}
            if name in known
            for grant in known[name].grants
            if grant.scope == scope and all(has.get(key) == value for key, value in grant.when.items())
        ]
        assert (scope in access.scopes) == bool(granting)
    assert set(access.roles) == (held | {"member"}) & known.keys()


@given(st.frozensets(names), names, attributes)
def test_one_more_role_never_takes_a_scope_away(held: frozenset[str], more: str, has: dict[str, str]) -> None:
    before, after = (access_of(Holding(roles, has), BUILT_IN) for roles in (held, held | {more}))
    assert before.scopes <= after.scopes


@pytest.mark.parametrize(
    ("role", "field"),
    [
        (Role("Pilot", "-", ()), "name"),
        (Role("admin", "-", ()), "name"),
        (Role("pilot", "", ()), "description"),
        (Role("pilot", "a\x00b", ()), "description"),
        (Role("pilot", "-", (Grant("two words"),)), "scope"),
        (Role("pilot", "-", (Grant(""),)), "scope"),
        (Role("pilot", "-", (Grant("x", {"A": "b"}),)), "name"),
        (Role("pilot", "-", (Grant("x", {"a": ""}),)), "value"),
        (Role("pilot", "-", (Grant("x"),) * 51), "grants"),
    ],
)
def test_a_role_that_breaks_a_rule_names_the_field(role: Role, field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_role(role)
    assert refusal.value.field == field


def test_an_admin_has_every_scope_that_a_graph_asks_for() -> None:
    schemas = Path(subgraphs.__path__[0]).glob("*/schema.graphql")
    asked = {
        scope
        for schema in schemas
        for scopes in re.findall(r"@requiresScopes\(scopes: (\[.*?\])\)", schema.read_text())
        for scope in re.findall(r'"(.*?)"', scopes)
    }
    assert (
        asked - {"tenants:dataplane", "tenants:verify"}
        <= access_of(Holding(frozenset({"admin"})), BUILT_IN).scopes
    )
