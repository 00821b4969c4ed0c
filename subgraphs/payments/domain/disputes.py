"""Disputes: a payer's bank asks money back, and the house keeps it or loses it.

Nobody asks a provider for these: they come from outside, beside whatever operations a payment has under way.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from subgraphs.payments.errors import NotPossibleError


class DisputeOpened(Struct, frozen=True, kw_only=True):
    """The payer's bank asks `amount` back."""

    dispute_id: str
    amount: int
    reason: str


class DisputeWon(Struct, frozen=True, kw_only=True):
    """The money stays."""

    dispute_id: str


class DisputeLost(Struct, frozen=True, kw_only=True):
    """The money is gone."""

    dispute_id: str


DisputeHappening: TypeAlias = DisputeOpened | DisputeWon | DisputeLost


class DisputeState(StrEnum):
    OPENED = "OPENED"
    WON = "WON"
    LOST = "LOST"


class Dispute(Struct, frozen=True):
    """`amount` is in minor units of the payment's currency, `reason` the bank's."""

    amount: int
    reason: str
    state: DisputeState = DisputeState.OPENED


Disputes: TypeAlias = Mapping[str, Dispute]
"""Those of one payment, by the bank's ids."""


def after(disputes: Disputes, event: DisputeHappening) -> Disputes:
    """The disputes after the next event."""
    match event:
        case DisputeOpened(dispute_id=id_):
            changed = Dispute(event.amount, event.reason)
        case DisputeWon(dispute_id=id_):
            changed = replace(disputes[id_], state=DisputeState.WON)
        case DisputeLost(dispute_id=id_):
            changed = replace(disputes[id_], state=DisputeState.LOST)
    return {**disputes, id_: changed}


def disputed(disputes: Disputes) -> int:
    """What a bank has asked back and not lost the dispute about."""
    return sum(each.amount for each in disputes.values() if each.state is not DisputeState.WON)


def dispute(
    disputes: Disputes, dispute_id: str, amount: int, reason: str, *, captured: int
) -> DisputeOpened | None:
    """The bank's request, None when it is known already. Raises NotPossibleError for more than was `captured`."""
    if dispute_id in disputes:
        return None
    if not 1 <= amount <= captured - disputed(disputes):
        raise NotPossibleError(f"{amount} is not within the {captured} that were captured")
    return DisputeOpened(dispute_id=dispute_id, amount=amount, reason=reason)


def close(disputes: Disputes, dispute_id: str, *, won: bool) -> DisputeWon | DisputeLost | None:
    """How the dispute ended, None when that is known already.

    Raises:
        NotPossibleError: there is no such dispute, or it ended the other way.
    """
    known = disputes.get(dispute_id)
    if known is None:
        raise NotPossibleError(f"There is no dispute {dispute_id}")
    if known.state is DisputeState.OPENED:
        return DisputeWon(dispute_id=dispute_id) if won else DisputeLost(dispute_id=dispute_id)
    if (known.state is DisputeState.WON) is not won:
        raise NotPossibleError(f"The dispute {dispute_id} was {known.state}")
    return None
