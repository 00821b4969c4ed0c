"""Reconciliation: the provider's report against our payments and our ledger, line by line; where they differ is a break."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from subgraphs.payments.domain.attempts import ProviderName
from subgraphs.payments.domain.postings import fee_of


class BreakKind(StrEnum):
    """MISSING_OURS: the provider moved what we know nothing of. MISSING_THEIRS: we say that it did, it does not."""

    MISSING_OURS = "MISSING_OURS"
    MISSING_THEIRS = "MISSING_THEIRS"
    AMOUNT = "AMOUNT"
    FEE = "FEE"
    DUPLICATE = "DUPLICATE"


class ReportLine(Struct, frozen=True, kw_only=True):
    """One movement by the provider's report. `gross` is below zero for a refund; all in minor units of `currency`."""

    id: str
    source_id: str
    reference: str
    gross: int
    fee: int
    currency: str


class OurMovement(Struct, frozen=True, kw_only=True):
    """One movement by our payments. `booked` is what the ledger has of it; both are below zero for a refund."""

    source_id: str
    payment_id: str
    amount: int
    booked: int
    currency: str


class Break(Struct, frozen=True, kw_only=True):
    """Where the two differ: `source_id` is the provider's name of the movement, the amounts are minor units."""

    kind: BreakKind
    source_id: str
    payment_id: str | None
    expected: int | None
    found: int | None
    currency: str


class ReportError(Exception):
    """The report is not one: says which line and why."""


def read_report(text: str) -> list[ReportLine]:
    """The lines of a report in CSV. Raises ReportError."""
    lines = []
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), 2):
        try:
            lines.append(
                ReportLine(
                    id=row["balance_transaction_id"],
                    source_id=row["source_id"],
                    reference=row["reference"],
                    gross=int(row["gross"]),
                    fee=int(row["fee"]),
                    currency=row["currency"].upper(),
                )
            )
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            raise ReportError(f"line {number} cannot be read: {error!r}") from None
    return lines


def agreed_fee(gross: int) -> int:
    """What the provider may keep of a charge: what the ledger books as its fee; of a refund nothing."""
    return fee_of(ProviderName.CARD, gross) if gross > 0 else 0


def compare(theirs: Sequence[ReportLine], ours: Iterable[OurMovement]) -> list[Break]:
    """Every break, in the order of the provider's names; what is the same on all sides gives none.

    A line is matched by the provider's name of the charge or the refund, which both sides have.
    """
    reported: defaultdict[str, list[ReportLine]] = defaultdict(list)
    for line in theirs:
        reported[line.source_id].append(line)
    known = {movement.source_id: movement for movement in ours}
    return [
        found
        for source_id in sorted(reported.keys() | known.keys())
        for found in _differences(source_id, reported.get(source_id, []), known.get(source_id))
    ]


def _differences(source_id: str, lines: Sequence[ReportLine], own: OurMovement | None) -> Iterable[Break]:
    payment_id, currency = (own.payment_id, own.currency) if own else (None, lines[0].currency)

    def differs(kind: BreakKind, expected: int | None, found: int | None) -> Break:
        return Break(
            kind=kind,
            source_id=source_id,
            payment_id=payment_id,
            expected=expected,
            found=found,
            currency=currency,
        )

    for again in lines[1:]:
        yield differs(BreakKind.DUPLICATE, None, again.gross)
    if own is None:
        yield differs(BreakKind.MISSING_OURS, None, lines[0].gross)
    elif not lines:
        yield differs(BreakKind.MISSING_THEIRS, own.amount, None)
    elif (lines[0].gross, lines[0].currency) != (own.amount, own.currency):
        yield differs(BreakKind.AMOUNT, own.amount, lines[0].gross)
    elif own.booked != own.amount:
        yield differs(BreakKind.AMOUNT, own.amount, own.booked)
    if lines and lines[0].fee != agreed_fee(lines[0].gross):
        yield differs(BreakKind.FEE, agreed_fee(lines[0].gross), lines[0].fee)
