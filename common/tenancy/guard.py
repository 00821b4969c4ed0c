"""What a test asks of a schema with tenants: that no table was forgotten, and that uniqueness tells no tenant of another."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import text

from common.database import Transaction
from common.tenancy.isolation import role_of

KERNEL = frozenset({"alembic_version", "idempotency", "inbox", "lease", "outbox", "parked"})

TABLES = text("""
    SELECT table_.relname AS name, table_.relkind IN ('v', 'm') AS is_view,
           table_.relrowsecurity AND table_.relforcerowsecurity AS is_forced,
           ARRAY(SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
                 WHERE polrelid = table_.oid AND to_regrole(:role)::oid = ANY (polroles)) AS policies
    FROM pg_class AS table_
    WHERE table_.relnamespace = to_regnamespace(:schema) AND table_.relkind IN ('r', 'p', 'v', 'm')
    ORDER BY table_.relname
""")
UNIQUE_KEYS = text("""
    SELECT key.relname AS name, table_.relname AS table, lead.attname AS lead
    FROM pg_index JOIN pg_class AS key ON key.oid = indexrelid JOIN pg_class AS table_ ON table_.oid = indrelid
    JOIN pg_attribute AS lead ON lead.attrelid = indrelid AND lead.attnum = indkey[0]
    WHERE table_.relnamespace = to_regnamespace(:schema) AND indisunique
""")
_POLICY = re.compile(
    r"\((\w+) = \( SELECT \(NULLIF\(current_setting\('app\.tenant'::text, true\), ''::text\)\)::uuid\b.*"
)


async def unguarded(
    transaction: Transaction, schema: str, *, shared: Collection[str] = (), shared_keys: Collection[str] = ()
) -> list[str]:
    """What in `schema` could show one tenant something of another, in words.

    Args:
        transaction: the platform's own.
        schema: the service's name.
        shared: tables that have no tenant; those of the kernel are known.
        shared_keys: unique keys that are the platform's, such as names that all tenants choose from.
    """
    names = {"schema": schema, "role": role_of(schema)}
    tables = (await transaction.execute(TABLES, names)).all()
    keys = (await transaction.execute(UNIQUE_KEYS, names)).all()
    columns = {table.name: _column(table) for table in tables if table.name not in {*KERNEL, *shared}}
    return [*_bare(columns), *_leading_elsewhere(keys, columns, shared_keys)]


def _column(table: Any) -> str | None:
    """The column by which the table is isolated, None if it is not."""
    if table.is_view or not table.is_forced or len(table.policies) != 1:
        return None
    found = _POLICY.fullmatch(table.policies[0])
    return found and found[1]


def _bare(columns: dict[str, str | None]) -> Iterator[str]:
    for table, column in columns.items():
        if column is None:
            yield f"{table} is not isolated"


def _leading_elsewhere(
    keys: Collection[Any], columns: dict[str, str | None], shared_keys: Collection[str]
) -> Iterator[str]:
    for key in keys:
        column = columns.get(key.table)
        if column is not None and key.lead != column and key.name not in shared_keys:
            yield f"{key.name} does not lead with {column}"
