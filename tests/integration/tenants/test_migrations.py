"""What databases have that are older than a concept: it is carried over, and nothing of it is made up."""

import shutil
import uuid
from datetime import timedelta
from pathlib import Path

from common.database import Database, migrate
from subgraphs.tenants.app import service

OLD = ("0001", "0002", "0003", "0004", "0005")
KEYS = """INSERT INTO api_key (tenant_id, id, name, start, key_hash, consumer, plan, scopes, created_by)
    SELECT :tenant, uuidv7(), 'n', 's', sha256(text::bytea), split_part(text, '.', 1), 'default', '{}', 'ada'
    FROM unnest(ARRAY['shop.1', 'shop.2', 'web.1']) AS text"""


async def test_tenants_of_before_have_terms_from_now_on_and_the_consumers_that_keys_name(
    database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "versions").mkdir()
    for script in (service.migrations / "versions").glob("*.py"):
        if script.name.startswith(OLD):
            shutil.copy(script, tmp_path / "versions")
    await migrate(database_url, schema="tenants", scripts=tmp_path)
    database, tenant = Database.open(database_url, schema="tenants"), uuid.uuid4()
    async with database.transaction() as transaction:
        add = """INSERT INTO tenant (id, slug, name, plan, created_at)
            VALUES (:tenant, 'bergen', 'Bergen', 'free', now() - interval '1 year')"""
        await transaction.execute(add, {"tenant": tenant})
        await transaction.execute(KEYS, {"tenant": tenant})
    await migrate(database_url, schema="tenants", scripts=service.migrations)
    async with database.transaction() as transaction:
        plan = (await transaction.execute("SELECT quota, included, overage_amount FROM plan")).one()
        terms = (await transaction.execute("SELECT *, now() - since AS age FROM terms")).one()
        consumers = await transaction.execute(
            "SELECT external_id, name FROM consumer WHERE tenant_id = :tenant ORDER BY 1", {"tenant": tenant}
        )
        named = [tuple(row) for row in consumers]
    await database.close()
    assert tuple(plan) == (10_000, 10_000, 0)
    assert (terms.tenant_id, terms.plan, terms.included) == (tenant, "free", 10_000)
    assert terms.age < timedelta(hours=1), "nobody owes for what was before there were bills"
    assert named == [("shop", "shop"), ("web", "web")]
