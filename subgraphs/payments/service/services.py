"""All use cases of payments, made once for the life of the service."""

from collections.abc import Sequence
from typing import Self

from msgspec import Struct

from common.database import Database
from subgraphs.payments.domain.attempts import ProviderName
from subgraphs.payments.domain.checkouts import Patience
from subgraphs.payments.domain.webhooks import Network
from subgraphs.payments.provider.report import ReportSource
from subgraphs.payments.service.books import Books
from subgraphs.payments.service.checkout_process import CheckoutProcess
from subgraphs.payments.service.checkouts import Checkouts
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.reconciliation import Reconciling
from subgraphs.payments.service.wallets import Wallets
from subgraphs.payments.service.webhook_secrets import WebhookSecrets
from subgraphs.payments.service.webhooks import Webhooks


class Services(Struct, frozen=True, kw_only=True):
    """What the doors call."""

    wallets: Wallets
    payments: Payments
    books: Books
    checkouts: Checkouts
    webhooks: Webhooks
    reconciling: Reconciling

    @classmethod
    def of(
        cls,
        database: Database,
        operations: Operations,
        secrets: WebhookSecrets,
        *,
        providers: frozenset[ProviderName] = frozenset({ProviderName.WALLET}),
        networks: Sequence[Network] = (),
        reports: ReportSource | None = None,
    ) -> Self:
        """The use cases on one database.

        `secrets` seals those of webhooks. `providers` are those that a checkout may be paid by, `networks` the private ones that webhooks may go to, `reports` where those
        of the card provider are, if there is one.
        """
        return cls(
            wallets=Wallets(database),
            payments=Payments(database, operations),
            books=Books(database),
            checkouts=Checkouts(database, CheckoutProcess(operations, Patience()), providers),
            webhooks=Webhooks(database, secrets, networks),
            reconciling=Reconciling(database, reports),
        )
