"""Guarantees 16 and 17: a process that is killed anywhere leaves all of a change or nothing, and loses no usage but the last moment's."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from common import failpoints
from common.database import Database
from tests.integration.ratelimit.crashing import DECISIONS, INTERVAL, TICK, WRITINGS

ROOT = Path(__file__).parents[3]
NAMES = sorted(failpoints.names("subgraphs.ratelimit"))
DECLARED, WHOLE = "one two ada bob", "one shadow two ada bob cis"
LEFT = {
    "ratelimit.put_namespace.before_commit": "",
    "ratelimit.change.before_commit": "",
    "ratelimit.change.after_commit": "",
    "ratelimit.declare.before_overrides": "",
    "ratelimit.declare.before_commit": "",
    "ratelimit.upsert_policy.before_commit": DECLARED,
    "ratelimit.promote_shadow.before_commit": "one (shadow) two ada bob",
    "ratelimit.set_override.before_commit": "one shadow two ada bob",
    "ratelimit.remove_override.before_commit": f"{WHOLE} dan",
    "ratelimit.remove_policy.before_commit": f"gone {WHOLE}",
    "ratelimit.usage.before_commit": WHOLE,
    "ratelimit.usage.after_commit": WHOLE,
    "ratelimit.usage.before_pruned": WHOLE,
}
"""What each kill leaves: the policies, shadows in brackets, and the overrides of all changes before it."""
POLICIES = """
    SELECT namespace.name, namespace.description, array_agg(policy.name || policy.is_shadow ORDER BY policy.name) AS policies,
        (SELECT array_agg(pattern ORDER BY pattern) FROM override WHERE policy_id = ANY (array_agg(policy.id))) AS patterns,
        (SELECT sum(allowed) FROM usage WHERE policy_id = ANY (array_agg(policy.id))) AS allowed
    FROM namespace JOIN policy ON policy.namespace_id = namespace.id GROUP BY namespace.id
"""
WRITTEN = (
    """SELECT sum(allowed) FROM usage JOIN policy ON policy.id = usage.policy_id WHERE policy.name = 'load'"""
)
TWICE = frozenset({"ratelimit.usage.after_commit", "ratelimit.usage.before_pruned"})
"""Where what the killed process had counted is written."""


async def test_after_a_kill_at_any_failpoint_all_is_done_and_counted_once(
    environment: Mapping[str, str],
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        Path(__file__).with_name("crashing.py"),
        *NAMES,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(240):
        output, _ = await child.communicate()
    *ends, load = map(json.loads, output.splitlines())
    assert {name: statuses for name, *statuses, _ in ends} == {name: [-signal.SIGKILL, 0] for name in NAMES}
    assert {name: left for name, *_, left in ends} == LEFT
    database = Database.open(environment["DATABASE_URL"], schema="ratelimit")
    async with database.transaction() as transaction:
        found = {row.name: row for row in await transaction.execute(POLICIES)}
        written = (await transaction.execute(WRITTEN)).scalar_one()
    await database.close()
    for number, name in enumerate(NAMES):
        namespace = found[f"n{number}"]
        assert namespace.description == "declared"
        assert namespace.policies == ["onefalse", "shadowfalse", "twofalse"]
        assert namespace.patterns == ["ada", "bob", "cis"]
        assert namespace.allowed == DECISIONS * (1 + (name in TWICE)), name
    assert_bounded_loss(load, written)


def assert_bounded_loss(counted: list[tuple[int, int]], written: int) -> None:
    """All that was counted before the last writing began is there, and between two of them was no more time than they say."""
    assert len(counted) >= WRITINGS
    assert written >= counted[-1][0] > 0
    for (_, ended), (begun, _) in pairwise(counted):
        assert begun - ended <= INTERVAL / TICK + 1
