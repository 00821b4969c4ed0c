"""Guarantee 14 of payments' README: every difference between the provider's report and ours is found, and nothing else."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.payments.domain.reconciliation import (
    Break,
    BreakKind,
    OurMovement,
    ReportError,
    ReportLine,
    agreed_fee,
    compare,
    read_report,
)

amounts = st.integers(-10_000, 10_000).filter(bool)


@st.composite
def agreed(draw: st.DrawFn) -> tuple[list[ReportLine], list[OurMovement]]:
    """A report and our movements, which say the same."""
    sums = draw(st.dictionaries(st.from_regex(r"ch_[a-z]{1,3}", fullmatch=True), amounts, max_size=8))
    lines = [
        ReportLine(
            id=f"txn_{id_}", source_id=id_, reference="r", gross=gross, fee=agreed_fee(gross), currency="EUR"
        )
        for id_, gross in sums.items()
    ]
    ours = [
        OurMovement(source_id=id_, payment_id="p", amount=amount, booked=amount, currency="EUR")
        for id_, amount in sums.items()
    ]
    return draw(st.permutations(lines)), draw(st.permutations(ours))


def kinds(breaks: Sequence[Break]) -> list[tuple[BreakKind, str]]:
    return [(each.kind, each.source_id) for each in breaks]


@given(agreed())
def test_what_agrees_has_no_break(books: tuple[list[ReportLine], list[OurMovement]]) -> None:
    assert compare(*books) == []


@given(agreed().filter(lambda books: books[0]), st.sampled_from(BreakKind), st.data())
def test_each_difference_is_its_break_and_no_other(
    books: tuple[list[ReportLine], list[OurMovement]], kind: BreakKind, data: st.DataObject
) -> None:
    theirs, ours = books
    line = data.draw(st.sampled_from(theirs))
    own = next(movement for movement in ours if movement.source_id == line.source_id)
    match kind:
        case BreakKind.MISSING_OURS:
            ours.remove(own)
        case BreakKind.MISSING_THEIRS:
            theirs.remove(line)
        case BreakKind.DUPLICATE:
            theirs.append(msgspec.structs.replace(line, id="txn_again"))
        case BreakKind.FEE:
            theirs[theirs.index(line)] = msgspec.structs.replace(line, fee=line.fee + 1)
        case BreakKind.AMOUNT if data.draw(st.booleans(), "in the ledger"):
            ours[ours.index(own)] = msgspec.structs.replace(own, booked=own.booked + 1)
        case BreakKind.AMOUNT:
            ours[ours.index(own)] = msgspec.structs.replace(own, amount=own.amount + 1, booked=own.amount + 1)
    assert kinds(compare(theirs, ours)) == [(kind, line.source_id)]


def test_another_currency_is_another_amount() -> None:
    line = ReportLine(id="t", source_id="ch_1", reference="r", gross=1_000, fee=15, currency="USD")
    own = OurMovement(source_id="ch_1", payment_id="p", amount=1_000, booked=1_000, currency="EUR")
    assert kinds(compare([line], [own])) == [(BreakKind.AMOUNT, "ch_1")]


@pytest.mark.parametrize(("gross", "fee"), [(1_000, 15), (700, 11), (1, 0), (-200, 0)])
def test_the_agreed_fee(gross: int, fee: int) -> None:
    assert agreed_fee(gross) == fee


HEAD = "balance_transaction_id,source_id,reference,gross,fee,currency\n"


def test_a_report_is_read_by_its_columns() -> None:
    (line,) = read_report(HEAD + "txn_1,ch_1,order 7,700,36,eur\n")
    assert (line.source_id, line.gross, line.fee, line.currency) == ("ch_1", 700, 36, "EUR")
    assert read_report(HEAD) == []


@pytest.mark.parametrize("row", ["txn_1,ch_1,order 7,seven,36,eur", "txn_1,ch_1", "txn_1,ch_1,r,1,,eur"])
def test_a_line_that_cannot_be_read_is_named(row: str) -> None:
    with pytest.raises(ReportError, match="line 2"):
        read_report(HEAD + row + "\n")
