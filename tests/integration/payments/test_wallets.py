"""Guarantees 1 and 2 of payments' README: double entry, floors, several currencies, and top-ups that happen once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from common.database import Database
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError
from subgraphs.payments.domain.money import Money
from subgraphs.payments.domain.payments import Payment
from subgraphs.payments.domain.wallets import MAX_BALANCE, MAX_TOP_UP, Wallet, WalletLimit
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.wallets import Wallets
from tests.integration.payments.conftest import forget

Ledger = Callable[[], Awaitable[dict[str, int]]]
Pay = Callable[..., Awaitable[Payment]]
Settle = Callable[[], Awaitable[None]]


async def test_a_top_up_opens_the_wallet_and_comes_from_outside(wallets: Wallets, ledger: Ledger) -> None:
    wallet = await wallets.top_up("ada", 5_000, "k")
    assert isinstance(wallet, Wallet)
    assert (wallet.owner_id, wallet.balance) == ("ada", Money(5_000, "EUR"))
    assert await ledger() == {"ada": 5_000, "BANK": -5_000}


async def test_the_same_key_tops_up_once_and_tells_the_present_balance(
    wallets: Wallets, ledger: Ledger
) -> None:
    await wallets.top_up("ada", 5_000, "k")
    await wallets.top_up("ada", 1_000, "other")
    again = await wallets.top_up("ada", 5_000, "k")
    assert isinstance(again, Wallet)
    assert again.balance.amount == 6_000
    assert (await ledger())["ada"] == 6_000


async def test_a_hundred_calls_with_one_key_have_one_effect(wallets: Wallets, ledger: Ledger) -> None:
    await asyncio.gather(*(wallets.top_up("ada", 700, "k") for _ in range(100)))
    assert (await ledger())["ada"] == 700


async def test_concurrent_first_top_ups_open_one_wallet(wallets: Wallets, ledger: Ledger) -> None:
    await asyncio.gather(*(wallets.top_up("ada", 100, f"k{number}") for number in range(20)))
    assert await ledger() == {"ada": 2_000, "BANK": -2_000}


async def test_the_same_key_for_another_amount_is_refused(wallets: Wallets) -> None:
    await wallets.top_up("ada", 1, "k")
    with pytest.raises(IdempotencyMismatch):
        await wallets.top_up("ada", 2, "k")


async def test_a_key_tops_up_once_also_when_its_request_is_forgotten(
    database: Database, wallets: Wallets, ledger: Ledger
) -> None:
    for number in range(MAX_BALANCE // MAX_TOP_UP):
        await wallets.top_up("ada", MAX_TOP_UP, f"k{number}")
    await forget(database)
    assert isinstance(await wallets.top_up("ada", MAX_TOP_UP, "k0"), Wallet)
    with pytest.raises(IdempotencyMismatch):
        await wallets.top_up("ada", 2, "k1")
    assert (await ledger())["ada"] == MAX_BALANCE


@pytest.mark.parametrize("amount", [0, -1, MAX_TOP_UP + 1])
async def test_an_amount_out_of_bounds_is_refused(wallets: Wallets, amount: int) -> None:
    with pytest.raises(InvalidInputError, match="amount"):
        await wallets.top_up("ada", amount, "k")


@pytest.mark.parametrize("key", ["", "k" * 201, "a\0b"])
async def test_a_key_that_cannot_be_one_is_refused(wallets: Wallets, key: str) -> None:
    with pytest.raises(InvalidInputError, match="idempotencyKey"):
        await wallets.top_up("ada", 1, key)


async def test_a_wallet_is_filled_to_its_limit_and_no_further(wallets: Wallets, ledger: Ledger) -> None:
    filled = await asyncio.gather(
        *(wallets.top_up("ada", MAX_TOP_UP, f"k{number}") for number in range(MAX_BALANCE // MAX_TOP_UP + 5))
    )
    assert sum(isinstance(each, WalletLimit) for each in filled) == 5
    assert await wallets.top_up("ada", 1, "last") == WalletLimit(Money(MAX_BALANCE, "EUR"))
    assert (await ledger())["ada"] == MAX_BALANCE


async def test_many_spenders_of_one_wallet_never_overdraw_it(
    wallets: Wallets, payments: Payments, pay: Pay, settle: Settle, ledger: Ledger
) -> None:
    await wallets.top_up("ada", 1_000, "k")
    await asyncio.gather(*(pay("ada", 90, until_end=False) for _ in range(40)))
    await settle()
    made = (await payments.list_for(["ada"], 40))["ada"]
    assert sum(payment.state == "CAPTURED" for payment in made) == 11
    assert await ledger() == {"ada": 10, "BANK": -1_000, "MERCHANT": 990}


async def test_each_currency_has_a_wallet_of_its_own(wallets: Wallets, ledger: Ledger) -> None:
    await wallets.top_up("ada", 5_000, "k")
    yen = await wallets.top_up("ada", 700, "y", "JPY")
    assert isinstance(yen, Wallet)
    assert yen.balance == Money(700, "JPY")
    found = (await wallets.list_for(["ada", "bob"]))["ada"]
    assert [wallet.balance for wallet in found] == [Money(5_000, "EUR"), Money(700, "JPY")]
    await ledger()


@pytest.mark.parametrize("currency", ["", "EURO", "eur", "XAU", "€"])
async def test_a_currency_that_nobody_pays_with_is_refused(wallets: Wallets, currency: str) -> None:
    with pytest.raises(InvalidInputError, match="currency"):
        await wallets.top_up("ada", 5, "k", currency)
