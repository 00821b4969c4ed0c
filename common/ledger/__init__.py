"""Double entry for quantities: accounts, transfers in one or two steps, and bounds that the database keeps.

Money is counted in minor units, stock in pieces; the ledger knows only whole numbers and the name of their currency. Its
tables are part of a service's schema, so that a transfer commits with whatever else the transaction does. Which accounts there
are and what a transfer means is left to the service. The verbs are those of TigerBeetle.
"""

from common.ledger.accounts import (
    Account,
    Balances,
    balances,
    create_accounts,
    find_accounts,
    lock_balances,
)
from common.ledger.audit import Imbalance, find_drift, find_imbalances
from common.ledger.tables import create_ledger_tables, drop_ledger_tables
from common.ledger.transfers import (
    Recorded,
    Result,
    Transfer,
    TransferKind,
    create_transfers,
    list_by_references,
    list_transfers,
    lookup,
)

__all__ = (
    "Account",
    "Balances",
    "Imbalance",
    "Recorded",
    "Result",
    "Transfer",
    "TransferKind",
    "balances",
    "create_accounts",
    "create_ledger_tables",
    "create_transfers",
    "drop_ledger_tables",
    "find_accounts",
    "find_drift",
    "find_imbalances",
    "list_by_references",
    "list_transfers",
    "lock_balances",
    "lookup",
)
