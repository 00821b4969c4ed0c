"""The port of a payment provider: five operations and what they may come to.

A provider moves money outside our transactions, so that each operation carries the key of its effect: asking again
with the same key has one effect. What cannot be known is said to be unknown, and `find` asks for it later. Who calls
when, and what the outcomes mean for a payment, is left to the runner of provider operations.
"""

from typing import Protocol, TypeAlias, runtime_checkable

from msgspec import Struct

from subgraphs.payments.domain.money import Money


class Succeeded(Struct, frozen=True, tag="SUCCEEDED"):
    """The effect is there; `reference` is the provider's name for it."""

    reference: str


class Declined(Struct, frozen=True, tag="DECLINED"):
    """There is no effect and there will be none. `code` stays the same for the same reason."""

    code: str
    message: str


class ActionRequired(Struct, frozen=True, tag="ACTION_REQUIRED"):
    """The payer must act at `url` first (3-D Secure); `find` with the same key then tells what came of it."""

    url: str
    reference: str


class Unknown(Struct, frozen=True, tag="UNKNOWN"):
    """Whether there is an effect is not known: no answer, or one that does not say."""

    reason: str


Outcome: TypeAlias = Succeeded | Declined | ActionRequired | Unknown


class Provider(Protocol):
    """One provider. No operation raises for what a provider or the network does: that is an outcome."""

    async def authorise(self, key: str, amount: Money, method: str, reference: str) -> Outcome:
        """Set `amount` aside at the payer's `method` (a token of the provider); `reference` is ours, for reports."""
        ...

    async def capture(self, key: str, authorisation: str, amount: Money) -> Outcome:
        """Take `amount`, at most what was authorised, and let the rest go; `authorisation` is its reference."""
        ...

    async def void(self, key: str, authorisation: str) -> Outcome:
        """Let all of an authorisation go that was not captured."""
        ...

    async def refund(self, key: str, authorisation: str, amount: Money) -> Outcome:
        """Give `amount` of what was captured back."""
        ...

    async def find(self, key: str) -> Outcome | None:
        """What became of the operation with that key; None when the provider has never heard of it."""
        ...


@runtime_checkable
class CapturesInParts(Protocol):
    """What a provider can besides that lets several captures take of one authorisation."""

    async def capture_part(self, key: str, authorisation: str, amount: Money) -> Outcome:
        """Take `amount`, and keep the rest aside for more."""
        ...
