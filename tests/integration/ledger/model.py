"""What a ledger is, said in the plainest way: one transfer after the other, by hand."""

from collections.abc import Iterable
from uuid import UUID

from common.ledger import Account, Balances, Result, Transfer, TransferKind

RESOLUTIONS = {TransferKind.POST, TransferKind.VOID}


class Model:
    def __init__(self, accounts: Iterable[Account]) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.sums = {id_: Balances(0, 0, 0, 0) for id_ in self.accounts}
        self.made: dict[UUID, Transfer] = {}
        self.resolved: set[UUID | None] = set()

    def apply(self, transfer: Transfer) -> Result:
        if known := self.made.get(transfer.id):
            return Result.EXISTS if self._whole(known) == self._whole(transfer) else Result.EXISTS_DIFFERENT
        result = self._obstacle(transfer)
        if result is not None:
            return result
        self.made[transfer.id] = transfer
        self.resolved.add(transfer.pending_id)
        whole = self._whole(transfer)
        for id_, side in ((whole.debit_id, "debits"), (whole.credit_id, "credits")):
            self._change(id_, side, whole)
        return Result.CREATED

    def _obstacle(self, transfer: Transfer) -> Result | None:
        return self._unmovable(transfer) if transfer.pending_id is None else self._unresolvable(transfer)

    def _unresolvable(self, transfer: Transfer) -> Result | None:
        held = self.made.get(transfer.pending_id)
        if held is None or held.kind is not TransferKind.PENDING:
            return Result.UNKNOWN_PENDING
        if transfer.pending_id in self.resolved:
            return Result.ALREADY_RESOLVED
        if (transfer.amount or 0) > held.amount:
            return Result.EXCEEDS_PENDING
        return None

    def _unmovable(self, transfer: Transfer) -> Result | None:
        debit, credit = self.accounts.get(transfer.debit_id), self.accounts.get(transfer.credit_id)
        if debit is None or credit is None:
            return Result.UNKNOWN_ACCOUNT
        if not debit.currency == credit.currency == transfer.currency:
            return Result.DIFFERENT_CURRENCY
        left = self.sums[debit.id].available - transfer.amount
        return Result.EXCEEDS_FLOOR if debit.floor is not None and left < debit.floor else None

    def _whole(self, transfer: Transfer) -> Transfer:
        """With what a resolution takes over from what was pending."""
        if transfer.kind not in RESOLUTIONS:
            return transfer
        held = self.made.get(transfer.pending_id)
        if held is None:
            return transfer
        return Transfer(
            transfer.id,
            transfer.kind,
            transfer.pending_id,
            held.debit_id,
            held.credit_id,
            transfer.amount or held.amount,
            held.currency,
            transfer.code,
            None,
        )

    def _change(self, id_: UUID, side: str, whole: Transfer) -> None:
        sums = {name: getattr(self.sums[id_], name) for name in Balances.__struct_fields__}
        if whole.kind in {TransferKind.POSTED, TransferKind.POST}:
            sums[f"{side}_posted"] += whole.amount
        if whole.kind is TransferKind.PENDING:
            sums[f"{side}_pending"] += whole.amount
        if whole.kind in RESOLUTIONS:
            sums[f"{side}_pending"] -= self.made[whole.pending_id].amount
        self.sums[id_] = Balances(**sums)
