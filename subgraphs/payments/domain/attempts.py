"""Provider operations: what is asked of a provider, and how far it has come.

An attempt is a row that is written in the transaction that wants the effect. Nobody but the runner calls a provider.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from subgraphs.payments.domain.money import Money


class ProviderName(StrEnum):
    """Who moves the payer's money: the house's own wallets, or a provider of card payments."""

    WALLET = "WALLET"
    CARD = "CARD"


class PaymentMethod(Struct, frozen=True):
    """`token` names the payer's purse at `provider`: a card's token, the owner of a wallet. Never a card's number."""

    provider: ProviderName
    token: str


class Operation(StrEnum):
    AUTHORISE = "AUTHORISE"
    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"


class AttemptState(StrEnum):
    """CREATED becomes SENT before the call. SUCCEEDED and DECLINED are the only ends, and no time-out leads to either.

    UNKNOWN and ACTION_REQUIRED are asked about by `find` until the provider tells an end; so is SENT after a crash.
    """

    CREATED = "CREATED"
    SENT = "SENT"
    ACTION_REQUIRED = "ACTION_REQUIRED"
    UNKNOWN = "UNKNOWN"
    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"


class Attempt(Struct, frozen=True, kw_only=True):
    """One operation at a provider; `effect_key` is what the provider knows it by, unique for ever.

    `authorisation` is the provider's reference of what was authorised, None for AUTHORISE itself. `reference` is what
    the provider calls this operation, once it has told. `code` and `message` say why it was DECLINED; `url` is where the payer
    must act while it is ACTION_REQUIRED.
    """

    id: UUID
    payment_id: UUID
    operation: Operation
    effect_key: str
    method: PaymentMethod
    amount: Money
    is_last: bool = True
    authorisation: str | None = None
    state: AttemptState = AttemptState.CREATED
    tries: int = 0
    reference: str | None = None
    code: str | None = None
    message: str | None = None
    url: str | None = None
    created_at: datetime
    sent_at: datetime | None = None
    resolved_at: datetime | None = None
