"""A service's own part of a PostgreSQL database: transactions, migrations, and the tables of the kernel."""

from common.database.database import Database
from common.database.errors import DatabaseUnavailableError, RetryableError
from common.database.migrations import SchemaTooNewError, migrate
from common.database.tables import create_kernel_tables, drop_kernel_tables
from common.database.transaction import Change, Transaction

__all__ = (
    "Change",
    "Database",
    "DatabaseUnavailableError",
    "RetryableError",
    "SchemaTooNewError",
    "Transaction",
    "create_kernel_tables",
    "drop_kernel_tables",
    "migrate",
)
