"""Many at once: no bound is crossed, what is pending is resolved once, and every snapshot sums to zero."""

import asyncio
from collections import Counter
from random import Random

import pytest
from sqlalchemy.exc import DBAPIError

from common.database import RetryableError
from common.ledger import Balances, Result, Transfer, find_imbalances
from tests.integration.ledger.conftest import ADA, BANK, BOB, Book, hold, move, transfer_id


async def execute(book: Book, statement: str) -> None:
    async with book.database.transaction() as transaction:
        await transaction.execute(statement)


async def test_a_thousand_spenders_of_one_account_never_overdraw_it(book: Book) -> None:
    await book.fund(ADA, 1_000)
    spend = [(hold if number % 2 else move)(number, ADA, BANK, 3) for number in range(1_000)]
    async with asyncio.timeout(60):
        batches = await asyncio.gather(
            *(book.post(*spend[start : start + 50]) for start in range(0, 1_000, 50))
        )
    results = Counter(result for batch in batches for result in batch)
    assert results == {Result.CREATED: 333, Result.EXCEEDS_FLOOR: 667}
    assert (await book.balances(ADA))[0].available == 1
    await book.check()


async def test_spenders_in_transactions_of_their_own_never_overdraw_either(book: Book) -> None:
    await book.fund(ADA, 100)
    async with asyncio.timeout(60):
        results = await asyncio.gather(*(book.post(hold(number, ADA, BANK, 7)) for number in range(60)))
    assert sum(result == [Result.CREATED] for result in results) == 14
    await book.check()


async def test_what_is_pending_is_posted_or_voided(book: Book) -> None:
    await book.fund(ADA, 1_000)
    held = [hold(number, ADA, BOB, 10) for number in range(20)]
    assert await book.post(*held) == [Result.CREATED] * 20

    async def end(number: int) -> tuple[bool, Result]:
        is_taking = number // 20 % 2 == 0
        make = Transfer.post if is_taking else Transfer.void
        [result] = await book.post(make(transfer_id(1_000 + number), held[number % 20].id, code="END"))
        return is_taking, result

    async with asyncio.timeout(60):
        ended = Counter(await asyncio.gather(*(end(number) for number in range(60))))
    taken, let_go = ended[True, Result.CREATED], ended[False, Result.CREATED]
    assert taken + let_go == 20
    assert ended[True, Result.ALREADY_RESOLVED] + ended[False, Result.ALREADY_RESOLVED] == 40
    [ada] = await book.balances(ADA)
    assert ada.posted == ada.available == 1_000 - 10 * taken
    await book.check()


async def test_the_same_transfer_from_many_is_made_once(book: Book) -> None:
    async with asyncio.timeout(60):
        results = await asyncio.gather(*(book.post(move(1, BANK, ADA, 5)) for _ in range(50)))
    assert Counter(result for [result] in results) == {Result.CREATED: 1, Result.EXISTS: 49}
    assert await book.balances(ADA) == [Balances(0, 0, 0, 5)]


async def test_one_id_for_transfers_between_others_is_made_once(book: Book) -> None:
    """They share no account, so that no lock orders them: the id's index does."""

    async def post(transfer: Transfer) -> Result:
        while True:
            try:
                return (await book.post(transfer))[0]
            except RetryableError:
                pass

    async with asyncio.timeout(60):
        results = await asyncio.gather(
            *(post(move(1, BANK, account, 5)) for account in (ADA, BOB) for _ in range(10))
        )
    assert Counter(results)[Result.CREATED] == 1
    assert Counter(results)[Result.EXISTS_DIFFERENT] == 10
    await book.check()


async def test_every_snapshot_sums_to_zero_while_many_move(book: Book) -> None:
    """The auditor looks all the time at what a crowd does in crossing directions."""
    random, ended = Random(7), asyncio.Event()
    places = [BANK, ADA, BOB]

    async def crowd(worker: int) -> None:
        for turn in range(15):
            numbers = range(worker * 10_000 + turn * 10, worker * 10_000 + turn * 10 + 10)
            pairs = [random.sample(places, 2) for _ in numbers]
            makers = [random.choice([move, hold]) for _ in numbers]
            await book.post(
                *(
                    make(n, *pair, random.randint(1, 9))
                    for n, pair, make in zip(numbers, pairs, makers, strict=True)
                )
            )

    async def audit() -> int:
        looks = 0
        while not ended.is_set():
            async with book.database.transaction() as transaction:
                assert await find_imbalances(transaction) == []
            looks += 1
        return looks

    async with asyncio.timeout(120):
        auditor = asyncio.create_task(audit())
        await asyncio.gather(*(crowd(worker) for worker in range(6)))
        ended.set()
        assert await auditor > 3
    await book.check()


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE ledger_account SET debits_pending = 6 WHERE floor = 0", "ledger_account_floor"),
        ("UPDATE ledger_account SET debits_posted = -1", "ledger_account_sums"),
        ("UPDATE ledger_transfer SET amount = 1", "append-only"),
        ("DELETE FROM ledger_transfer", "append-only"),
    ],
)
async def test_the_database_itself_keeps_the_ledger(book: Book, change: str, broken: str) -> None:
    await book.post(move(1, BANK, ADA, 5))
    with pytest.raises(DBAPIError, match=broken):
        await execute(book, change)


async def test_the_database_resolves_once_whatever_the_code_does(book: Book) -> None:
    await book.fund(ADA, 100)
    await book.post(hold(1, ADA, BOB, 10), Transfer.post(transfer_id(2), transfer_id(1), code="P"))
    again = (
        "INSERT INTO ledger_transfer SELECT uuidv7(), 'VOID', pending_id, debit_id, credit_id, amount, released,"
        " currency, code, reference, created_at FROM ledger_transfer WHERE kind = 'POST'"
    )
    with pytest.raises(DBAPIError, match="ledger_transfer_resolution"):
        await execute(book, again)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_transfer_of_nothing_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="moves 1 or more"):
        move(1, ADA, BOB, amount)


def test_a_transfer_to_oneself_is_refused() -> None:
    with pytest.raises(ValueError, match="to itself"):
        move(1, ADA, ADA, 1)
