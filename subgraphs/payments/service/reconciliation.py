"""Reconciling: the provider's report of some days against what we say moved in them."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from common.database import Database
from common.inputs import InvalidInputError, check_page
from subgraphs.payments.domain.reconciliation import BreakKind, compare
from subgraphs.payments.provider.report import ReportSource
from subgraphs.payments.store import reconciliation as store
from subgraphs.payments.store.reconciliation import KnownBreak, Reconciliation

MAX_DAYS: Final = 31
_EDGE: Final = timedelta(days=1)
"""The two sides may say different days of what moved at midnight."""


class Reconciling:
    """Compares with the report of `source`; without one there is nothing to compare with."""

    def __init__(self, database: Database, source: ReportSource | None) -> None:
        self._database = database
        self._source = source

    async def reconcile(self, first: date, last: date) -> Reconciliation:
        """Compare the days `first` to `last`, in UTC, both included. A break that is open and no longer found is resolved.

        Raises:
            InvalidInputError: the days are none, or too many.
            ReportError: the provider's report cannot be had, or read.
        """
        if not timedelta() <= last - first < timedelta(days=MAX_DAYS):
            raise InvalidInputError("last", f"must be the first day or one of the {MAX_DAYS - 1} after it")
        if self._source is None:
            raise InvalidInputError("first", "cannot be reconciled: no card provider is connected here")
        theirs = await self._source.fetch(first - _EDGE, last + _EDGE)
        async with self._database.transaction() as transaction:
            ours = await store.list_movements(transaction, first, last, [line.source_id for line in theirs])
            breaks = compare(theirs, ours)
            touched = {line.source_id for line in theirs} | {movement.source_id for movement in ours}
            return await store.keep(
                transaction, first, last, lines=len(theirs), touched=sorted(touched), breaks=breaks
            )

    async def list_breaks(self, kind: BreakKind | None, first: int, *, is_open: bool) -> Sequence[KnownBreak]:
        """The newest `first` breaks. Raises InvalidInputError for a wrong page."""
        async with self._database.transaction() as transaction:
            return await store.list_breaks(transaction, kind, check_page(first), is_open=is_open)
