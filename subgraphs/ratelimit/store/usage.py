"""Usage: each process writes its own rows, whole each time, so that what is written twice counts once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa

from common.database import Transaction
from subgraphs.ratelimit.domain.usage import Consumer, Count, Denial, MinuteUsage

DENIALS = "denials"
"""What changes, by its namespace, when a denial is written (`common.live`)."""

_PUT_COUNTS = sa.text("""
    INSERT INTO usage (policy_id, minute, writer, allowed, denied, shadow_denied, tokens)
    SELECT told.policy_id, to_timestamp(told.start), :writer, told.allowed, told.denied, told.shadow_denied, told.tokens
    FROM jsonb_to_recordset(CAST(:rows AS text)::jsonb) AS told (
        policy_id uuid, start bigint, allowed bigint, denied bigint, shadow_denied bigint, tokens bigint)
    ON CONFLICT (policy_id, minute, writer) DO UPDATE SET allowed = excluded.allowed, denied = excluded.denied,
        shadow_denied = excluded.shadow_denied, tokens = excluded.tokens
""")
_PUT_CONSUMERS = sa.text("""
    INSERT INTO consumer (policy_id, hour, writer, identity, tokens)
    SELECT told.policy_id, to_timestamp(told.start), :writer, told.identity, told.tokens
    FROM jsonb_to_recordset(CAST(:rows AS text)::jsonb) AS told (
        policy_id uuid, start bigint, identity text, tokens bigint)
    ON CONFLICT (policy_id, hour, writer, identity)
    DO UPDATE SET tokens = greatest(consumer.tokens, excluded.tokens)
""")
_PUT_DENIALS = sa.text("""
    INSERT INTO denial (id, policy_id, namespace, at, identity, cost, wait, times)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS text)::jsonb) AS told (
        id uuid, policy_id uuid, namespace text, at timestamptz, identity text, cost bigint, wait bigint, times bigint)
    ON CONFLICT (id) DO NOTHING
""")
_READ_USAGE = sa.text("""
    SELECT policy_id, minute, sum(allowed)::bigint AS allowed, sum(denied)::bigint AS denied,
           sum(shadow_denied)::bigint AS shadow_denied, sum(tokens)::bigint AS tokens
    FROM usage WHERE policy_id = ANY(:policies) AND minute > now() - make_interval(mins => :minutes)
    GROUP BY policy_id, minute ORDER BY minute
""").bindparams(sa.bindparam("policies", type_=sa.ARRAY(sa.Uuid)))
_READ_CONSUMERS = sa.text("""
    SELECT policy_id, identity, tokens FROM (
        SELECT policy_id, identity, sum(tokens)::bigint AS tokens,
               row_number() OVER (PARTITION BY policy_id ORDER BY sum(tokens) DESC, identity) AS place
        FROM consumer WHERE policy_id = ANY(:policies) AND hour > now() - interval '25 hours'
        GROUP BY policy_id, identity) AS summed
    WHERE place <= :first ORDER BY place
""").bindparams(sa.bindparam("policies", type_=sa.ARRAY(sa.Uuid)))
_READ_DENIALS = sa.text("""
    SELECT id, policy_id, namespace, at, identity, cost, wait, times FROM denial
    WHERE namespace = :namespace AND at > :since ORDER BY at DESC, id LIMIT :first
""")
_PRUNE = (
    "DELETE FROM usage WHERE minute < now() - interval '7 days'",
    "DELETE FROM consumer WHERE hour < now() - interval '26 hours'",
    "DELETE FROM denial WHERE at < now() - interval '1 hour'",
)


async def put_counts(
    transaction: Transaction, writer: UUID, counts: Mapping[tuple[int, UUID], Count]
) -> None:
    """Write what a process counted so far, by minute and policy."""
    rows = [
        {"policy_id": policy_id, "start": start, **msgspec.structs.asdict(count)}
        for (start, policy_id), count in counts.items()
    ]
    await transaction.execute(_PUT_COUNTS, {"writer": writer, "rows": _json(rows)})


async def put_consumers(
    transaction: Transaction, writer: UUID, consumers: Iterable[tuple[int, UUID, str, int]]
) -> None:
    """Write who took the most by a process's knowledge: (hour, policy, identity, tokens)."""
    names = ("start", "policy_id", "identity", "tokens")
    rows = [dict(zip(names, each, strict=True)) for each in consumers]
    await transaction.execute(_PUT_CONSUMERS, {"writer": writer, "rows": _json(rows)})


async def put_denials(transaction: Transaction, denials: Sequence[Denial]) -> None:
    """Write a sample of denials, and tell who watches their namespaces."""
    await transaction.execute(_PUT_DENIALS, {"rows": _json(denials)})
    for namespace in {denial.namespace for denial in denials}:
        transaction.changed(DENIALS, namespace)


async def usage_of(
    transaction: Transaction, policies: Sequence[UUID], minutes: int
) -> dict[UUID, list[MinuteUsage]]:
    """The last so many minutes of each policy in which anything was decided, by time."""
    found: dict[UUID, list[MinuteUsage]] = {id_: [] for id_ in policies}
    rows = await transaction.execute(_READ_USAGE, {"policies": list(policies), "minutes": minutes})
    for row in rows.mappings():
        counts = dict(row)
        found[counts.pop("policy_id")].append(MinuteUsage(**counts))
    return found


async def top_consumers(
    transaction: Transaction, policies: Sequence[UUID], first: int
) -> dict[UUID, list[Consumer]]:
    """Who took the most of each policy within a day."""
    found: dict[UUID, list[Consumer]] = {id_: [] for id_ in policies}
    rows = await transaction.execute(_READ_CONSUMERS, {"policies": list(policies), "first": first})
    for row in rows:
        found[row.policy_id].append(Consumer(row.identity, row.tokens))
    return found


async def denials(transaction: Transaction, namespace: str, since: datetime, first: int) -> list[Denial]:
    """The latest denials of a namespace after a moment, the latest first."""
    asked = {"namespace": namespace, "since": since.astimezone(UTC), "first": first}
    rows = await transaction.execute(_READ_DENIALS, asked)
    return [Denial(**row) for row in rows.mappings()]


async def prune(transaction: Transaction) -> None:
    """Forget what nobody is shown any more."""
    for statement in _PRUNE:
        await transaction.execute(statement)


def _json(rows: object) -> str:
    return msgspec.json.encode(rows).decode()
