"""The WALLET adapter: the house's own customers pay out of their wallets, as if the ledger were a provider.

Its transactions are its own, as those of any provider, and it meets the house at a clearing account. What came of a key
is remembered with the effect. The transfers' ids follow from the key besides, so that what has moved is known for ever, and
nothing ever moves twice.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct

from common import idempotency
from common.database import Database, RetryableError, Transaction
from common.failpoints import failpoint
from common.inputs import parse_id
from common.ledger import (
    Recorded,
    Result,
    Transfer,
    TransferKind,
    create_transfers,
    list_by_references,
    lock_balances,
    lookup,
)
from subgraphs.payments.domain.accounts import House, house_id
from subgraphs.payments.domain.money import Money
from subgraphs.payments.provider.port import Declined, Outcome, Succeeded, Unknown
from subgraphs.payments.store.wallets import find_wallet_id

SCOPE: Final = "wallet provider"
_NAMESPACE: Final = UUID("0199d3a0-0000-7000-8000-0000000a11e7")

NO_WALLET: Final = Declined("NO_WALLET", "The payer has no wallet in this currency")
TOO_LITTLE: Final = Declined("INSUFFICIENT_FUNDS", "The wallet has too little")
NOTHING_HELD: Final = Declined("NOTHING_HELD", "Nothing is set aside under this authorisation")
TOO_MUCH: Final = Declined("AMOUNT_TOO_LARGE", "More than there is")


class _Request(Struct, frozen=True):
    """What a key was used for."""

    operation: str
    subject: str
    amount: Money | None


class _Kept(Struct, frozen=True):
    """What is remembered under a key."""

    outcome: Succeeded | Declined


class WalletProvider:
    """Meets `Provider` and `CapturesInParts`. `method` is the owner of the wallet, an authorisation the id of the pending transfer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def authorise(self, key: str, amount: Money, method: str, reference: str) -> Outcome:  # noqa: ARG002 - ours are the payment's own transfers
        """Set the amount aside in the wallet."""
        request = _Request("authorise", method, amount)
        return await self._once(key, request, lambda transaction: _hold(transaction, key, amount, method))

    async def capture(self, key: str, authorisation: str, amount: Money) -> Outcome:
        """Take the amount out of the wallet and let the rest go."""
        request = _Request("capture", authorisation, amount)
        return await self._once(
            key, request, lambda transaction: _take(transaction, key, authorisation, amount, is_last=True)
        )

    async def capture_part(self, key: str, authorisation: str, amount: Money) -> Outcome:
        """Take the amount out of the wallet and keep the rest set aside."""
        request = _Request("capture part", authorisation, amount)
        return await self._once(
            key, request, lambda transaction: _take(transaction, key, authorisation, amount, is_last=False)
        )

    async def void(self, key: str, authorisation: str) -> Outcome:
        """Let go what is set aside."""
        request = _Request("void", authorisation, None)
        return await self._once(key, request, lambda transaction: _let_go(transaction, key, authorisation))

    async def refund(self, key: str, authorisation: str, amount: Money) -> Outcome:
        """Put the amount back into the wallet."""
        request = _Request("refund", authorisation, amount)
        return await self._once(
            key, request, lambda transaction: _give_back(transaction, key, authorisation, amount)
        )

    async def find(self, key: str) -> Outcome | None:
        """What was remembered under the key, or moved by it."""
        try:
            async with self._database.transaction() as transaction:
                kept = await idempotency.recall(transaction, scope=SCOPE, key=key, result=_Kept)
                return kept.outcome if kept else await _moved(transaction, key)
        except RetryableError as error:
            return Unknown(str(error))

    async def _once(
        self, key: str, request: _Request, run: Callable[[Transaction], Awaitable[Succeeded | Declined]]
    ) -> Outcome:
        async def effect() -> _Kept:
            return _Kept(await _moved(transaction, key) or await run(transaction))

        try:
            async with self._database.transaction() as transaction:
                kept = await idempotency.once(
                    transaction, scope=SCOPE, key=key, request=request, run=effect, result=_Kept
                )
                failpoint("payments.wallet.before_commit")
        except RetryableError as error:
            return Unknown(str(error))
        failpoint("payments.wallet.after_commit")
        return kept.outcome


async def _moved(transaction: Transaction, key: str) -> Succeeded | None:
    id_ = _transfer_id(key)
    return Succeeded(str(id_)) if await lookup(transaction, [id_]) else None


async def _hold(transaction: Transaction, key: str, amount: Money, owner_id: str) -> Succeeded | Declined:
    wallet_id = await find_wallet_id(transaction, owner_id, amount.currency)
    if wallet_id is None:
        return NO_WALLET
    hold_id = _transfer_id(key)
    hold = Transfer.pending(
        hold_id,
        debit=wallet_id,
        credit=house_id(House.CLEARING_WALLET, amount.currency),
        amount=amount.amount,
        currency=amount.currency,
        code="AUTHORISATION",
        reference=hold_id,
    )
    return await _post(transaction, hold, otherwise=TOO_LITTLE)


async def _take(
    transaction: Transaction, key: str, authorisation: str, amount: Money, *, is_last: bool
) -> Succeeded | Declined:
    hold = _open_hold(await _history(transaction, authorisation))
    if hold is None:
        return NOTHING_HELD
    taken = Transfer.post(_transfer_id(key), hold.id, code="CAPTURE", amount=amount.amount)
    outcome = await _post(transaction, taken, otherwise=TOO_MUCH)
    if isinstance(outcome, Succeeded) and not is_last and amount.amount < hold.amount:
        rest = Transfer.pending(
            _transfer_id(f"{key} rest"),
            debit=hold.debit_id,
            credit=hold.credit_id,
            amount=hold.amount - amount.amount,
            currency=hold.currency,
            code="AUTHORISATION",
            reference=hold.reference,
        )
        await _post(transaction, rest, otherwise=TOO_LITTLE)
    return outcome


async def _let_go(transaction: Transaction, key: str, authorisation: str) -> Succeeded | Declined:
    hold = _open_hold(await _history(transaction, authorisation))
    if hold is None:
        return NOTHING_HELD
    return await _post(
        transaction, Transfer.void(_transfer_id(key), hold.id, code="VOID"), otherwise=NOTHING_HELD
    )


async def _give_back(
    transaction: Transaction, key: str, authorisation: str, amount: Money
) -> Succeeded | Declined:
    history = await _history(transaction, authorisation)
    taken = [each for each in history if each.kind is TransferKind.POST]
    given = sum(each.amount for each in history if each.kind is TransferKind.POSTED)
    if sum(each.amount for each in taken) - given < amount.amount:
        return TOO_MUCH
    back = Transfer.posted(
        _transfer_id(key),
        debit=taken[0].credit_id,
        credit=taken[0].debit_id,
        amount=amount.amount,
        currency=amount.currency,
        code="REFUND",
        reference=UUID(authorisation),
    )
    return await _post(transaction, back, otherwise=TOO_MUCH)


async def _history(transaction: Transaction, authorisation: str) -> list[Recorded]:
    """All transfers of the authorisation, to which no other transaction adds any until this one ends."""
    hold_id = parse_id(authorisation)
    hold = (await lookup(transaction, [hold_id])).get(hold_id) if hold_id else None
    if hold is None:
        return []
    await lock_balances(transaction, [hold.debit_id])
    return (await list_by_references(transaction, [hold.id]))[hold.id]


def _open_hold(history: list[Recorded]) -> Recorded | None:
    resolved = {each.pending_id for each in history}
    holds = (each for each in history if each.kind is TransferKind.PENDING and each.id not in resolved)
    return next(holds, None)


async def _post(transaction: Transaction, transfer: Transfer, *, otherwise: Declined) -> Succeeded | Declined:
    [result] = await create_transfers(transaction, [transfer])
    if result in {Result.EXCEEDS_FLOOR, Result.EXCEEDS_PENDING}:
        return otherwise
    assert result.is_done, f"{transfer} was posted: {result}"
    return Succeeded(str(transfer.id))


def _transfer_id(key: str) -> UUID:
    return uuid5(_NAMESPACE, key)
