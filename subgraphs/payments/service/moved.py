"""Money that a caller's key has moved already: the ledger knows for ever, when the request is no longer remembered."""

from common.database import Transaction
from common.idempotency import IdempotencyMismatch
from common.ledger import Transfer, lookup


async def was_moved(transaction: Transaction, transfer: Transfer) -> bool:
    """Whether a transfer whose id follows from a key was posted before.

    Raises:
        IdempotencyMismatch: it was, with another amount.
    """
    known = (await lookup(transaction, [transfer.id])).get(transfer.id)
    if known is not None and known.amount != transfer.amount:
        raise IdempotencyMismatch("This idempotency key was used for another amount")
    return known is not None
