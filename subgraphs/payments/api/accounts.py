"""The ledger in the graph: accounts, what they hold and held, and what moved."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime

import strawberry
import strawberry.federation

from common import ledger
from common.app.values import Money, PageInfo
from common.inputs import InvalidInputError, parse_id
from common.ledger import TransferKind
from subgraphs.payments.api.context import Info
from subgraphs.payments.domain import money
from subgraphs.payments.domain.accounts import WALLET

strawberry.enum(
    TransferKind,
    description="POSTED moves at once. PENDING sets aside; POST takes of it, VOID lets it go.",
)


@strawberry.type(description="One movement between two accounts; never changed.")
class LedgerTransfer:
    id: strawberry.ID
    kind: TransferKind
    debit: strawberry.Private[ledger.Recorded]
    amount: Money
    code: str = strawberry.field(description="What it was for.")
    created_at: datetime

    @strawberry.field(description="The account that it came from; null for who may not see it.")
    async def debit_account(self, info: Info) -> "LedgerAccount | None":
        return await LedgerAccount.load(info, strawberry.ID(str(self.debit.debit_id)))

    @strawberry.field(description="The account that it went to; null for who may not see it.")
    async def credit_account(self, info: Info) -> "LedgerAccount | None":
        return await LedgerAccount.load(info, strawberry.ID(str(self.debit.credit_id)))

    @classmethod
    def of(cls, moved: ledger.Recorded) -> "LedgerTransfer":
        return cls(
            id=strawberry.ID(str(moved.id)),
            kind=moved.kind,
            debit=moved,
            amount=Money(amount=moved.amount, currency=moved.currency),
            code=moved.code,
            created_at=moved.created_at,
        )


@strawberry.type
class LedgerTransferEdge:
    cursor: str
    node: LedgerTransfer


@strawberry.type(description="A page of transfers, newest first.")
class LedgerTransferConnection:
    edges: list[LedgerTransferEdge]
    page_info: PageInfo


@strawberry.type(description="What an account holds: texts of minor units, for sums outgrow Int.")
class Balances:
    posted: str = strawberry.field(description="Credits less debits.")
    available: str = strawberry.field(description="What is posted, less what is set aside.")
    pending_debits: str
    pending_credits: str

    @classmethod
    def of(cls, held: ledger.Balances) -> "Balances":
        return cls(
            posted=str(held.posted),
            available=str(held.available),
            pending_debits=str(held.debits_pending),
            pending_credits=str(held.credits_pending),
        )


@strawberry.federation.type(
    keys=["id"],
    description="An account of the ledger: one's own wallet, or the house's for who may move its money.",
)
class LedgerAccount:
    id: strawberry.ID
    code: str
    currency: str
    account: strawberry.Private[ledger.Account]

    @strawberry.field(description="What it holds, or held at a moment.")
    async def balances(self, info: Info, at: datetime | None = None) -> Balances:
        if at is not None and at.tzinfo is None:
            raise InvalidInputError("at", "must say its time zone")
        held = await info.context.services.books.balances([self.account.id], at)
        return Balances.of(held[self.account.id])

    @strawberry.field(description="What moved, newest first.")
    async def transfers(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> LedgerTransferConnection:
        behind = parse_id(after) if after is not None else None
        if after is not None and behind is None:
            raise InvalidInputError("after", "must be the cursor of a page")
        page = await info.context.services.books.list_transfers(self.account.id, first, behind)
        edges = [
            LedgerTransferEdge(cursor=str(each.id), node=LedgerTransfer.of(each)) for each in page.transfers
        ]
        end_cursor = edges[-1].cursor if edges else None
        return LedgerTransferConnection(
            edges=edges, page_info=PageInfo(has_next_page=page.has_next, end_cursor=end_cursor)
        )

    @classmethod
    def of(cls, account: ledger.Account) -> "LedgerAccount":
        return cls(
            id=strawberry.ID(str(account.id)), code=account.code, currency=account.currency, account=account
        )

    @classmethod
    async def load(cls, info: Info, id: strawberry.ID) -> "LedgerAccount | None":  # noqa: A002 - the key field's name
        """The account if the caller may see it."""
        parsed = parse_id(id)
        found = await info.context.loaders.account.load(parsed) if parsed else None
        if found is None or info.context.may_write:
            return cls.of(found) if found else None
        wallet = await info.context.loaders.wallet.load(found.id) if found.code == WALLET else None
        return cls.of(found) if wallet and info.context.is_caller(wallet.owner_id) else None

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "LedgerAccount | None":  # noqa: A002 - the key field's name
        """As absent as none for who may not see it."""
        return await cls.load(info, id)


def money_of(amount: int, currency: str) -> Money:
    """An amount of the service's own as the graph has it."""
    return Money.of(money.Money(amount, currency))
