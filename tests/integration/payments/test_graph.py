"""Guarantees 8 and 10 of payments' README: who sees what, what a batch costs; and the public contract."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from strawberry.types import ExecutionResult

from common.app import ServiceRequest
from common.auth import Caller
from common.database import Database
from common.database.testing import count_statements
from common.errors import DomainError
from common.live import Live
from subgraphs.payments.api import Context, schema
from subgraphs.payments.domain.payments import Payment
from subgraphs.payments.domain.wallets import MAX_BALANCE, Wallet
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.services import Services
from subgraphs.payments.service.wallets import Wallets
from tests.integration.payments.conftest import SECRETS

Ask = Callable[..., Awaitable[ExecutionResult]]
Pay = Callable[..., Awaitable[Payment]]

ENTITIES = "query ($of: [_Any!]!) { _entities(representations: $of) { __typename %s } }"
TOTAL = {"amount": 1_000, "currency": "EUR"}


@pytest.fixture
def ask(database: Database, operations: Operations) -> Ask:
    """Runs an operation for a user, or for nobody; for "clerk" with the scope that moves money."""
    services, live = Services.of(database, operations, SECRETS), Live("nats://nowhere.invalid", "payments")

    async def ask(query: str, user: str | None = "ada", **variables: Any) -> ExecutionResult:
        scopes = frozenset({"payments:write"} if user == "clerk" else ())
        caller = Caller(user, scopes, {}) if user else None
        context = Context.of(ServiceRequest(caller, None), services, live)
        return await schema.execute(query, variable_values=variables, context_value=context)

    return ask


def code(result: ExecutionResult) -> str:
    assert result.errors
    error = result.errors[0].original_error
    assert isinstance(error, DomainError)
    return error.code


def test_the_committed_schema_is_the_schema() -> None:
    committed = Path(__file__).parents[3] / "subgraphs/payments/schema.graphql"
    assert committed.read_text() == schema.as_str() + "\n"


async def test_a_batch_of_reservations_is_one_statement_for_payments_and_what_is_due(
    ask: Ask, wallets: Wallets, pay: Pay
) -> None:
    await wallets.top_up("ada", 1_500, "k")
    made = [await pay("ada"), await pay("ada"), await pay("bob")]
    ids = [*(str(payment.reservation_id) for payment in made), "019f0000-0000-7000-8000-000000000000"]
    of = [{"__typename": "Reservation", "id": id_, "total": dict(TOTAL)} for id_ in ids]
    with count_statements() as statements:
        result = await ask(
            ENTITIES
            % "... on Reservation { id payment { state declineReason } amountDue { amount currency } }",
            of=of,
        )
    assert result.errors is None
    assert result.data is not None
    paid = [(entity["payment"], entity["amountDue"]["amount"]) for entity in result.data["_entities"]]
    assert paid == [
        ({"state": "CAPTURED", "declineReason": None}, 0),
        ({"state": "DECLINED", "declineReason": "INSUFFICIENT_FUNDS"}, 0),
        (None, 0),  # another's: not shown
        (None, 1_000),
    ]
    assert len(statements) == 1


async def test_a_reservation_needs_no_total_when_nothing_due_is_asked_for(ask: Ask, pay: Pay) -> None:
    payment = await pay("ada")
    of = [{"__typename": "Reservation", "id": str(payment.reservation_id)}]
    result = await ask(
        ENTITIES % "... on Reservation { payment { id payer { id } reservation { id } } }", of=of
    )
    assert result.data is not None
    assert result.data["_entities"][0]["payment"] == {
        "id": str(payment.id),
        "payer": {"id": "ada"},
        "reservation": {"id": str(payment.reservation_id)},
    }


@pytest.mark.parametrize("total", [None, {}, {"amount": 5}, {"amount": "5", "currency": "EUR"}, 5])
async def test_what_is_due_needs_a_whole_total(ask: Ask, total: Any) -> None:
    of = [{"__typename": "Reservation", "id": "x", "total": total}]
    result = await ask(ENTITIES % "... on Reservation { amountDue { amount } }", of=of)
    assert code(result) == "INVALID_REPRESENTATION"


async def test_wallet_and_payments_of_a_user_are_two_statements_and_only_ones_own(
    ask: Ask, wallets: Wallets, pay: Pay
) -> None:
    await wallets.top_up("ada", 5_000, "k")
    newest = [str((await pay("ada", 100)).id) for _ in range(4)][::-1]
    query = ENTITIES % "... on User { wallet { balance { amount } } payments(first: 3) { id } }"
    with count_statements() as statements:
        own = await ask(query, "ada", of=[{"__typename": "User", "id": "ada"}])
    assert own.errors is None
    assert own.data is not None
    user = own.data["_entities"][0]
    assert user["wallet"] == {"balance": {"amount": 4_600}}
    assert [found["id"] for found in user["payments"]] == newest[:3]
    assert len(statements) == 2
    others = await ask(query, "bob", of=[{"__typename": "User", "id": "ada"}])
    assert code(others) == "UNAUTHORIZED"
    assert others.data == {"_entities": [{"__typename": "User", "wallet": None, "payments": None}]}


async def test_the_reservations_of_payments_and_their_payments_are_two_statements(ask: Ask, pay: Pay) -> None:
    made = {str((await pay("ada")).id) for _ in range(3)}
    query = ENTITIES % "... on User { payments { id reservation { payment { id } } } }"
    with count_statements() as statements:
        result = await ask(query, "ada", of=[{"__typename": "User", "id": "ada"}])
    assert result.errors is None
    assert result.data is not None
    payments = result.data["_entities"][0]["payments"]
    assert {payment["reservation"]["payment"]["id"] for payment in payments} == made
    assert len(statements) == 2


async def test_a_batch_of_payments_and_wallets_is_one_statement_each_and_only_ones_own(
    ask: Ask, wallets: Wallets, pay: Pay
) -> None:
    wallet = await wallets.top_up("ada", 5_000, "k")
    assert isinstance(wallet, Wallet)
    made = [await pay("ada"), await pay("bob")]
    of = [
        {"__typename": "Payment", "id": id_} for id_ in (*(str(payment.id) for payment in made), "nonsense")
    ]
    of.append({"__typename": "Wallet", "id": str(wallet.id)})
    for user, seen in (("ada", [True, False, False, True]), ("bob", [False, True, False, False])):
        with count_statements() as statements:
            result = await ask(
                ENTITIES % "... on Payment { state } ... on Wallet { id }", user, of=[*map(dict, of)]
            )
        assert result.errors is None
        assert result.data is not None
        assert [entity is not None for entity in result.data["_entities"]] == seen
        assert len(statements) == 2


async def test_a_payment_is_found_by_its_payer_alone(ask: Ask, pay: Pay) -> None:
    payment = await pay("ada")
    query = "query ($id: ID!) { payment(id: $id) { amount { amount } } }"
    assert (await ask(query, "ada", id=str(payment.id))).data == {"payment": {"amount": {"amount": 1_000}}}
    assert (await ask(query, "bob", id=str(payment.id))).data == {"payment": None}
    assert code(await ask(query, None, id=str(payment.id))) == "UNAUTHENTICATED"


TOP_UP = """
mutation ($amount: Int!, $key: String!) {
  topUpWallet(amount: $amount, idempotencyKey: $key) {
    __typename
    ... on Wallet { balance { amount } }
    ... on WalletLimitReached { code limit { amount } }
    ... on InvalidInput { code field }
    ... on IdempotencyKeyReused { code }
  }
}
"""


@pytest.mark.parametrize(
    ("amount", "key", "outcome"),
    [
        (500, "k", {"__typename": "Wallet", "balance": {"amount": 1_500}}),
        (0, "k", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "amount"}),
        (-5, "k", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "amount"}),
        (1_000_001, "k", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "amount"}),
        (5, " \n", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "idempotencyKey"}),
        (5, "used", {"__typename": "IdempotencyKeyReused", "code": "IDEMPOTENCY_KEY_REUSED"}),
    ],
)
async def test_a_top_up_has_typed_outcomes(
    ask: Ask, wallets: Wallets, amount: int, key: str, outcome: dict[str, Any]
) -> None:
    await wallets.top_up("ada", 1_000, "used")
    result = await ask(TOP_UP, "ada", amount=amount, key=key)
    assert result.errors is None
    assert result.data == {"topUpWallet": outcome}


async def test_a_full_wallet_is_a_typed_outcome(ask: Ask, wallets: Wallets) -> None:
    for number in range(100):
        await wallets.top_up("ada", MAX_BALANCE // 100, str(number))
    limit = {
        "__typename": "WalletLimitReached",
        "code": "WALLET_LIMIT_REACHED",
        "limit": {"amount": MAX_BALANCE},
    }
    assert (await ask(TOP_UP, "ada", amount=1, key="k")).data == {"topUpWallet": limit}


async def test_topping_up_needs_a_caller(ask: Ask) -> None:
    assert code(await ask(TOP_UP, None, amount=1, key="k")) == "UNAUTHENTICATED"


TIMELINE = """
query ($id: ID!) {
  explainPayment(id: $id) {
    payment {
      state captured { amount } timeline { version type operation amount { amount } }
      attempts { operation state amount { amount } }
    }
    transfers { kind code amount { amount } debitAccount { code } creditAccount { code } }
  }
}
"""


async def test_a_payment_is_explained_by_what_happened_was_asked_and_moved(
    ask: Ask, card_payment: Callable[..., Awaitable[UUID]]
) -> None:
    payment_id = await card_payment(1_000, capture=800)
    result = await ask(TIMELINE, "clerk", id=str(payment_id))
    assert result.errors is None
    assert result.data is not None
    explained = result.data["explainPayment"]
    assert [(each["type"], each["operation"]) for each in explained["payment"]["timeline"]] == [
        ("Created", None),
        ("Requested", "AUTHORISE"),
        ("Authorised", None),
        ("Requested", "CAPTURE"),
        ("Captured", None),
    ]
    assert [(each["operation"], each["state"]) for each in explained["payment"]["attempts"]] == [
        ("AUTHORISE", "SUCCEEDED"),
        ("CAPTURE", "SUCCEEDED"),
    ]
    moved = {(each["kind"], each["code"], each["amount"]["amount"]) for each in explained["transfers"]}
    assert moved == {("PENDING", "AUTHORISATION", 1_000), ("POST", "CAPTURE", 800), ("POSTED", "FEE", 12)}
    payer = (await ask(TIMELINE, "ada", id=str(payment_id))).data
    assert payer is not None
    assert {each["debitAccount"] for each in payer["explainPayment"]["transfers"]} == {None}
    assert (await ask(TIMELINE, "bob", id=str(payment_id))).data == {"explainPayment": None}


REFUND = """
mutation ($id: ID!, $amount: Int, $key: String! = "k") {
  refundPayment(id: $id, amount: $amount, idempotencyKey: $key) {
    __typename
    ... on Payment { state refunded { amount } }
    ... on NotPossible { code }
    ... on UnknownPayment { code }
    ... on InvalidInput { code field }
    ... on IdempotencyKeyReused { code }
  }
}
"""


async def test_a_refund_has_typed_outcomes(
    ask: Ask, card_payment: Callable[..., Awaitable[UUID]], settle: Callable[[], Awaitable[None]]
) -> None:
    id_ = str(await card_payment(1_000, capture=1_000))
    outcomes = [
        (
            {"id": id_, "amount": 400},
            {"__typename": "Payment", "state": "CAPTURED", "refunded": {"amount": 0}},
        ),
        (
            {"id": id_, "amount": 500},
            {"__typename": "IdempotencyKeyReused", "code": "IDEMPOTENCY_KEY_REUSED"},
        ),
        ({"id": id_, "amount": 601, "key": "x"}, {"__typename": "NotPossible", "code": "NOT_POSSIBLE"}),
        ({"id": id_, "amount": -1, "key": "y"}, {"__typename": "NotPossible", "code": "NOT_POSSIBLE"}),
        ({"id": "nonsense", "key": "z"}, {"__typename": "UnknownPayment", "code": "UNKNOWN_PAYMENT"}),
        (
            {"id": id_, "key": ""},
            {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "idempotencyKey"},
        ),
    ]
    for variables, outcome in outcomes:
        assert (await ask(REFUND, "clerk", **variables)).data == {"refundPayment": outcome}
    await settle()
    again = await ask(REFUND, "clerk", id=id_, amount=400)
    assert again.data is not None
    assert again.data["refundPayment"]["refunded"] == {"amount": 400}


@pytest.mark.parametrize(
    "mutation",
    [
        'capturePayment(id: "1", idempotencyKey: "k")',
        'voidPayment(id: "1", idempotencyKey: "k")',
        'refundPayment(id: "1", idempotencyKey: "k")',
        'openDispute(id: "1", disputeId: "d", amount: 1, reason: "r")',
        'closeDispute(id: "1", disputeId: "d", won: true)',
        'payOut(amount: 1, idempotencyKey: "k")',
    ],
)
async def test_the_houses_money_is_moved_by_those_with_the_scope_alone(ask: Ask, mutation: str) -> None:
    query = f"mutation {{ {mutation} {{ __typename }} }}"
    assert code(await ask(query, None)) == "UNAUTHENTICATED"
    assert code(await ask(query, "ada")) == "UNAUTHORIZED"
    assert (await ask(query, "clerk")).errors is None


ACCOUNT = """
query ($id: ID!, $at: DateTime, $after: String) {
  ledgerAccount(id: $id) {
    code currency balances(at: $at) { posted available pendingDebits }
    transfers(first: 1, after: $after) { edges { cursor node { code amount { amount } } } pageInfo { hasNextPage } }
  }
}
"""


async def test_an_account_shows_what_it_holds_held_and_moved_to_its_owner(ask: Ask, wallets: Wallets) -> None:
    wallet = await wallets.top_up("ada", 500, "k1")
    assert isinstance(wallet, Wallet)
    moment = datetime.now(UTC).isoformat()
    await wallets.top_up("ada", 200, "k2")
    id_ = str(wallet.id)
    now = (await ask(ACCOUNT, "ada", id=id_)).data
    assert now is not None
    account = now["ledgerAccount"]
    assert account["balances"] == {"posted": "700", "available": "700", "pendingDebits": "0"}
    [edge] = account["transfers"]["edges"]
    assert edge["node"] == {"code": "TOP_UP", "amount": {"amount": 200}}
    then = (await ask(ACCOUNT, "ada", id=id_, at=moment, after=edge["cursor"])).data
    assert then is not None
    assert then["ledgerAccount"]["balances"]["posted"] == "500"
    assert then["ledgerAccount"]["transfers"]["pageInfo"] == {"hasNextPage": False}
    assert (await ask(ACCOUNT, "bob", id=id_)).data == {"ledgerAccount": None}
    assert code(await ask(ACCOUNT, "ada", id=id_, after="nonsense")) == "INVALID_INPUT"
    house = "{ houseAccount(kind: BANK) { id balances { posted } } }"
    assert code(await ask(house, "ada")) == "UNAUTHORIZED"
    bank = (await ask(house, "clerk")).data
    assert bank is not None
    assert bank["houseAccount"]["balances"] == {"posted": "-700"}
    assert (await ask(ACCOUNT, "ada", id=bank["houseAccount"]["id"])).data == {"ledgerAccount": None}
