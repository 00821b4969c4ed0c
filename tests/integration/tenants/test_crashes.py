"""Guarantee 13 of tenants' README: a process that is killed anywhere leaves all of a change or nothing, and it can be asked for again."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import failpoints
from common.database import Database
from subgraphs.tenants.domain.configurations import Rules
from subgraphs.tenants.domain.months import Month
from subgraphs.tenants.service.use_cases import UseCases
from tests.integration.lanes import met

CRASHING = Path(__file__).with_name("crashing.py")
LANES = 2
NAMES = sorted(failpoints.names("subgraphs.tenants.service") | failpoints.names("subgraphs.tenants.store"))
KILLS = [f"{name}:kill" for name in NAMES]
STATE = """
    SELECT tenant.name, tenant.config_version,
        ARRAY(SELECT user_id || ' ' || role FROM member WHERE tenant_id = tenant.id ORDER BY 1) AS members,
        (SELECT count(*) FROM api_key WHERE tenant_id = tenant.id) AS keys,
        (SELECT count(*) FROM api_key WHERE tenant_id = tenant.id AND revoked_at IS NULL AND expires_at IS NULL) AS live,
        (SELECT count(*) FROM configuration WHERE tenant_id = tenant.id) AS versions,
        (SELECT sum(requests) FROM usage WHERE tenant_id = tenant.id) AS requests,
        ARRAY(SELECT external_id FROM consumer WHERE tenant_id = tenant.id ORDER BY 1) AS consumers,
        ARRAY(SELECT plan FROM terms WHERE tenant_id = tenant.id ORDER BY since) AS plans,
        ARRAY(SELECT month FROM statement WHERE tenant_id = tenant.id ORDER BY 1) AS closed,
        (SELECT sum(requests) FROM statement_line WHERE tenant_id = tenant.id) AS billed,
        (SELECT sum(amount) FROM credit WHERE tenant_id = tenant.id) AS granted,
        (SELECT sum(amount) FROM credit_use WHERE tenant_id = tenant.id) AS used,
        ARRAY(SELECT action FROM audit WHERE tenant_id = tenant.id AND action = ANY (:once) ORDER BY 1) AS done
    FROM tenant ORDER BY tenant.slug
"""
ONCE = [
    "config.apply",
    "credits.grant",
    "invitation.accept",
    "invitation.create",
    "key.issue",
    "key.revoke",
    "key.roll",
    "tenant.create",
]


async def test_after_a_kill_at_any_failpoint_all_is_done_once(migrated_database: Callable[..., str]) -> None:
    urls = [migrated_database("tenants") for _ in range(LANES)]
    ended = await met(CRASHING, KILLS, urls)
    assert ended == {kill: [-signal.SIGKILL, 0] for kill in KILLS}
    for lane, url in enumerate(urls):
        await check(url, len(KILLS[lane::LANES]))


async def check(url: str, lives: int) -> None:
    """All of each life was done once, and data planes are told of it."""
    database = Database.open(url, schema="tenants")
    async with database.transaction() as transaction:
        tenants = (await transaction.execute(STATE, {"once": ONCE})).all()
        numbers = (await transaction.execute("SELECT sequence FROM change ORDER BY 1")).scalars().all()
    told = await UseCases.over(database, Rules("apis.example", inner_upstreams=False)).data_planes.changes(0)
    await database.close()
    assert len(tenants) == len(told.configurations) == lives
    for tenant in tenants:
        check_life(tenant)
    assert numbers == list(range(1, told.sequence + 1))


def check_life(tenant: Any) -> None:
    assert tenant.name.endswith(" renamed")
    assert tenant.members == ["ada OWNER", "bob ADMIN"]
    assert (tenant.keys, tenant.live, tenant.config_version, tenant.versions) == (3, 0, 1, 1)
    assert tenant.consumers == ["app", "shop"]
    assert (tenant.requests, tenant.billed) == (7, 7)
    assert (tenant.plans, tenant.granted, tenant.used) == (["free", "paid"], 100, 100)
    months = [Month.of_day(day) for day in tenant.closed]
    assert months
    assert months == [months[0].plus(number) for number in range(len(months))]
    twice = {"invitation.accept", "invitation.create", "key.issue"}  # by two guests, for two consumers
    assert tenant.done == sorted([*ONCE, *twice])
