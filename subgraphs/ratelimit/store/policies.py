"""Namespaces, policies and overrides. Whatever changes one counts the revision up in the same transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.ratelimit.domain.policies import Namespace, Override, Policy
from subgraphs.ratelimit.domain.rules import Rule
from subgraphs.ratelimit.tables import namespace, override, policy, revision

TOPIC = "policies"
"""What changes when any of them does (`common.live`)."""

_RULE = ("algorithm", "limit", "period", "burst", "calendar", "time_zone")

_policies = sa.select(policy, namespace.c.name.label("namespace")).join(
    namespace, namespace.c.id == policy.c.namespace_id
)


async def read_revision(transaction: Transaction) -> tuple[int, int]:
    """Two numbers that are the same as long as the policies in force are: of changes, and of overrides whose time is over."""
    over = sa.select(sa.func.count()).where(override.c.until <= sa.func.now()).scalar_subquery()
    row = (await transaction.execute(sa.select(revision.c.number, over.label("over")))).one()
    return row.number, row.over


async def count_revision(transaction: Transaction) -> None:
    """Say that something changed; changes come one after the other, so that no number is two states."""
    transaction.changed(TOPIC, TOPIC)
    await transaction.execute(sa.update(revision).values(number=revision.c.number + 1))


async def all_namespaces(transaction: Transaction) -> list[Namespace]:
    rows = await transaction.execute(sa.select(namespace).order_by(namespace.c.name))
    return [Namespace(**row) for row in rows.mappings()]


async def put_namespace(transaction: Transaction, name: str, description: str) -> Namespace:
    """The namespace of that name, made if need be, with that description."""
    statement = insert(namespace).values(name=name, description=description)
    changed = statement.on_conflict_do_update(
        index_elements=["name"], set_={"description": statement.excluded.description}
    )
    row = (await transaction.execute(changed.returning(namespace))).mappings().one()
    return Namespace(**row)


async def policies(
    transaction: Transaction, ids: Sequence[UUID] | None = None, *, namespaces: Sequence[str] | None = None
) -> list[Policy]:
    """The policies of those ids or those namespaces, or all, by namespace and name."""
    query = _policies.order_by(namespace.c.name, policy.c.name)
    if ids is not None:
        query = query.where(policy.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid))))
    if namespaces is not None:
        query = query.where(namespace.c.name == sa.any_(sa.literal(list(namespaces), sa.ARRAY(sa.Text))))
    return [_policy(row) for row in (await transaction.execute(query)).mappings()]


async def find_policy(transaction: Transaction, namespace_name: str, name: str) -> Policy | None:
    """The policy of that name, locked against other changes."""
    query = _policies.where(namespace.c.name == namespace_name, policy.c.name == name)
    row = (await transaction.execute(query.with_for_update(of=policy))).mappings().one_or_none()
    return None if row is None else _policy(row)


async def insert_policy(transaction: Transaction, new: Policy, changed_by: str) -> UUID:
    """Its id, which the database makes. The namespace exists."""
    namespace_id = sa.select(namespace.c.id).where(namespace.c.name == new.namespace).scalar_subquery()
    values = {**_values(new), "name": new.name, "namespace_id": namespace_id, "changed_by": changed_by}
    added = await transaction.execute(sa.insert(policy).values(values).returning(policy.c.id))
    id_: UUID = added.scalar_one()
    return id_


async def update_policy(transaction: Transaction, changed: Policy, changed_by: str) -> None:
    values = {**_values(changed), "version": policy.c.version + 1, "changed_by": changed_by}
    await transaction.execute(
        sa.update(policy).where(policy.c.id == changed.id).values({**values, "changed_at": sa.func.now()})
    )


async def delete_policy(transaction: Transaction, id_: UUID) -> bool:
    """Whether there was one; its overrides go with it."""
    return (await transaction.execute(sa.delete(policy).where(policy.c.id == id_))).rowcount > 0


async def overrides(
    transaction: Transaction, policy_ids: Sequence[UUID] | None = None, ids: Sequence[UUID] | None = None
) -> list[Override]:
    """The overrides that are still in force: those of some policies, those of some ids, or all."""
    query = sa.select(override).where(sa.or_(override.c.until.is_(None), override.c.until > sa.func.now()))
    for column, wanted in ((override.c.policy_id, policy_ids), (override.c.id, ids)):
        if wanted is not None:
            query = query.where(column == sa.any_(sa.literal(list(wanted), sa.ARRAY(sa.Uuid))))
    rows = await transaction.execute(query.order_by(override.c.pattern))
    return [Override(**row) for row in rows.mappings()]


async def put_overrides(transaction: Transaction, new: Sequence[Override]) -> list[Override]:
    """The overrides of those patterns, with other limits if there were any; the last of several of one pattern."""
    names = ("policy_id", "pattern", "limit", "burst", "until")
    rows = {(each.policy_id, each.pattern): {name: getattr(each, name) for name in names} for each in new}
    if not rows:
        return []
    statement = insert(override).values(list(rows.values()))
    kept = {name: statement.excluded[name] for name in ("limit", "burst", "until")}
    changed = statement.on_conflict_do_update(index_elements=["policy_id", "pattern"], set_=kept)
    return [Override(**row) for row in (await transaction.execute(changed.returning(override))).mappings()]


async def delete_override(transaction: Transaction, id_: UUID) -> bool:
    """Whether there was one."""
    return (await transaction.execute(sa.delete(override).where(override.c.id == id_))).rowcount > 0


def _values(of: Policy) -> dict[str, Any]:
    rule = {name: getattr(of.rule, name) for name in _RULE}
    other = {name: getattr(of, name) for name in ("fail_mode", "is_shadow", "is_leased", "priority", "when")}
    return {**rule, **other, "by": list(of.by)}


def _policy(row: sa.RowMapping) -> Policy:
    rule = msgspec.convert({name: row[name] for name in _RULE}, Rule)
    others = {name: row[name] for name in Policy.__struct_fields__ if name != "rule"}
    return msgspec.convert({**others, "rule": rule}, Policy)
