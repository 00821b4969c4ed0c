"""Guarantee 13 of tenants' README: a process that is killed anywhere leaves all of a change or nothing, and it can be asked for again."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from common import failpoints
from subgraphs.tenants.domain.months import Month
from tests.integration.tenants.conftest import Hall
from tests.integration.tenants.test_data_planes import changes

ROOT = Path(__file__).parents[3]
NAMES = sorted(failpoints.names("subgraphs.tenants.service") | failpoints.names("subgraphs.tenants.store"))
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


async def test_after_a_kill_at_any_failpoint_all_is_done_once(
    hall: Hall, environment: dict[str, str]
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        Path(__file__).with_name("crashing.py"),
        *NAMES,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await child.communicate()
    ended = {line["failpoint"]: line["statuses"] for line in map(json.loads, output.splitlines())}
    assert ended == {name: [-signal.SIGKILL, 0] for name in NAMES}
    async with hall.database.transaction() as transaction:
        tenants = (await transaction.execute(STATE, {"once": ONCE})).all()
        numbers = (await transaction.execute("SELECT sequence FROM change ORDER BY 1")).scalars().all()
    assert len(tenants) == len(NAMES)
    for tenant in tenants:
        assert tenant.name.endswith(" renamed")
        assert tenant.members == ["ada OWNER", "bob ADMIN"]
        assert (tenant.keys, tenant.live, tenant.config_version, tenant.versions) == (3, 0, 1, 1)
        assert tenant.consumers == ["app", "shop"]
        assert (tenant.requests, tenant.billed) == (7, 7)
        assert (tenant.plans, tenant.granted, tenant.used) == (["free", "paid"], 100, 100)
        months = [Month.of_day(day) for day in tenant.closed]
        assert months == [months[0].plus(number) for number in range(len(months))]
        assert months
        twice = {"invitation.accept", "invitation.create", "key.issue"}  # by two guests, for two consumers
        assert tenant.done == sorted(ONCE + list(twice))
    assert numbers == list(range(1, len(numbers) + 1))
    told = await changes(hall)
    assert (told["sequence"], len(told["configurations"])) == (len(numbers), len(NAMES))
