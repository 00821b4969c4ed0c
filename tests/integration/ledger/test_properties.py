"""Whatever is posted, the ledger does what one transfer after the other would: P1, P2 and P9 of the payments' page."""

from datetime import datetime
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.ledger import Transfer, balances, list_transfers
from tests.integration.ledger.conftest import ACCOUNTS, BANK, Book, hold, move, transfer_id
from tests.integration.ledger.model import Model

NUMBERS = st.integers(1, 12)  # few, so that ids come again and what is pending is found
AMOUNTS = st.sampled_from([1, 10, 50, 51, 100])  # about the floors
PLACES = st.sampled_from([*(account.id for account in ACCOUNTS), UUID(int=99)])
PAIRS = st.tuples(PLACES, PLACES).filter(lambda pair: pair[0] != pair[1])
CURRENCIES = st.sampled_from(["EUR", "EUR", "EUR", "JPY"])

moves = st.builds(
    lambda n, pair, amount, unit: move(n, *pair, amount, unit), NUMBERS, PAIRS, AMOUNTS, CURRENCIES
)
holds = st.builds(lambda n, pair, amount: hold(n, *pair, amount), NUMBERS, PAIRS, AMOUNTS)
posts = st.builds(
    lambda n, of, amount: Transfer.post(transfer_id(n), transfer_id(of), code="TAKE", amount=amount),
    NUMBERS,
    NUMBERS,
    st.none() | AMOUNTS,
)
ends = st.builds(lambda n, of: Transfer.void(transfer_id(n), transfer_id(of), code="END"), NUMBERS, NUMBERS)
batches = st.lists(st.lists(moves | holds | posts | ends, min_size=1, max_size=12), min_size=1, max_size=4)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
async def test_a_batch_is_as_one_transfer_after_the_other(book: Book, batches: list[list[Transfer]]) -> None:
    await book.clear()
    model = Model(ACCOUNTS)
    past: list[tuple[datetime, dict[UUID, object]]] = []
    for batch in batches:
        assert await book.post(*batch) == [model.apply(transfer) for transfer in batch]
        async with book.database.transaction() as transaction:
            held = await balances(transaction, [account.id for account in ACCOUNTS])
            past.append(((await transaction.execute("SELECT clock_timestamp()")).scalar_one(), held))
        assert held == model.sums
        await book.check()
    async with book.database.transaction() as transaction:
        for moment, then in past:
            assert await balances(transaction, list(then), moment) == then


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(moves, min_size=1, max_size=30), st.integers(1, 5))
async def test_pages_of_an_accounts_transfers_are_all_of_them(
    book: Book, batch: list[Transfer], size: int
) -> None:
    await book.clear()
    await book.post(*batch)
    async with book.database.transaction() as transaction:
        everything = await list_transfers(transaction, BANK, 100)
        pages = page = await list_transfers(transaction, BANK, size)
        while page:
            page = await list_transfers(transaction, BANK, size, before=page[-1])
            pages = [*pages, *page]
    assert pages == everything
    assert all(BANK in {each.debit_id, each.credit_id} for each in everything)
