"""Guarantee 1 of tenants' README: nothing of another tenant is in any answer, table or key."""

from common.tenancy import unguarded
from tests.integration.tenants.conftest import Hall

SHARED_TABLES = {"plan", "change", "feed", "usage_batch"}
# names in addresses are public; nobody chooses what a random key hashes to
SHARED_KEYS = {"tenant_slug", "api_key_by_hash"}


async def test_no_table_was_forgotten(hall: Hall) -> None:
    async with hall.database.transaction() as transaction:
        complaints = await unguarded(transaction, "tenants", shared=SHARED_TABLES, shared_keys=SHARED_KEYS)
    assert complaints == []
