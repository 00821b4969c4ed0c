"""Whatever is sent to payments, it answers as its contract says and never with a defect."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.payments.api import schema
from subgraphs.payments.app import service as description
from tests.fuzz.services.fuzzing import REFUSALS, Running, doors, graph, quick, representations

SERVICE = "payments"
DOORS, GRAPH = doors(description), graph(schema)
ENTITIES = """query ($of: [_Any!]!, $first: Int! = 20) { _entities(representations: $of) {
  ... on Payment { state payer { id } reservation { id } attempts { id } timeline { type } }
  ... on LedgerAccount { code transfers(first: $first) { edges { node { id } } } }
  ... on Reservation { payment { id } amountDue { amount currency } }
  ... on User { wallet { id } payments(first: $first) { id } }
  ... on Wallet { balance { amount } } } }"""
MONEY = st.fixed_dictionaries(
    {}, optional={"amount": st.integers() | st.text(max_size=3), "currency": st.sampled_from(["EUR", 7])}
)


@DOORS.parametrize()
@quick
def test_the_doors_do_what_their_description_says(case: Any, service: Running) -> None:
    case.call_and_validate(base_url=service.url)


@pytest.mark.parametrize("signed_in", [False, True])
@GRAPH.parametrize()
@quick
def test_every_operation_is_answered(case: Any, service: Running, *, signed_in: bool) -> None:
    assert service.codes(case.body, signed_in=signed_in) <= REFUSALS


@quick
@given(
    representations(
        "Payment", "Reservation", "User", "Wallet", "LedgerAccount", id=st.uuids().map(str), total=MONEY
    ),
    st.integers(-(2**31), 2**31 - 1),
    st.booleans(),
)
def test_no_representation_is_a_defect(service: Running, of: list[Any], first: int, signed_in: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by place
    codes = service.codes(ENTITIES, signed_in=signed_in, of=of, first=first)
    assert codes <= {"INVALID_REPRESENTATION", "INVALID_INPUT", "UNAUTHORIZED"}
