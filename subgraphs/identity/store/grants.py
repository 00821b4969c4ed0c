"""Authorization codes and families of refresh tokens; the database's clock decides which of them still count."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from common.database import Database, Transaction
from subgraphs.identity.domain.grants import (
    CODE_KNOWN,
    CODE_LIFETIME,
    FAMILY_IDLE,
    FAMILY_LIFETIME,
    GRACE,
    MAX_FAMILIES,
    Code,
    Grant,
)
from subgraphs.identity.domain.roles import BUILT_IN, Access, Holding, Role, access_of
from subgraphs.identity.provider_tables import authorization_code, token_family

_NOW = sa.func.now()
_GRANT = [token_family.c[name] for name in Grant.__struct_fields__]
_LIVE = (token_family.c.expires_at > _NOW) & (token_family.c.last_used_at > _NOW - FAMILY_IDLE)
_OF_CODE = [name for name in Code.__struct_fields__ if name != "grant"]
_OF_GRANT = [name for name in Grant.__struct_fields__ if name != "session_id"]


class KnownCode(Struct, frozen=True):
    """A code, whether it is still good, and the family that it was exchanged for before."""

    code: Code
    is_live: bool
    family_id: UUID | None


class Family(Struct, frozen=True):
    """A live family, of which the token before the current one still gives its successor if that is sealed here."""

    grant: Grant
    current_hash: bytes | None
    expires_at: datetime
    previous_hash: bytes | None
    sealed_successor: bytes | None


class Rotated(Struct, frozen=True):
    """A family whose token was replaced, and what its user may do now."""

    grant: Grant
    access: Access


class Known(Struct, frozen=True):
    """A family as it is, and what its user may do now."""

    family: Family
    access: Access


_ROTATED = """
    WITH found AS (
        UPDATE token_family
        SET current_hash = $4, previous_hash = $3, sealed_successor = $5, rotated_at = now(), last_used_at = now()
        WHERE id = $1 AND client_id = $2 AND current_hash = $3
          AND expires_at > now() AND last_used_at > now() - $7::interval
          AND ($6::text[] IS NULL OR ($6 <@ scopes AND $6 <> '{}'))
        RETURNING client_id, user_id, session_id, scopes, userinfo_claims, authenticated_at, amr
    )"""
_KNOWN = """
    WITH found AS (
        SELECT client_id, user_id, session_id, scopes, userinfo_claims, authenticated_at, amr,
            current_hash, expires_at, previous_hash,
            CASE WHEN rotated_at > now() - $4::interval THEN sealed_successor END AS sealed_successor
        FROM token_family
        WHERE id = $1 AND client_id = $2 AND expires_at > now() AND last_used_at > now() - $3::interval
    )"""
_WITH_ACCESS = """
    , held AS (SELECT user_role.role FROM found JOIN user_role USING (user_id))
    SELECT found.*,
        (SELECT array_agg(held.role) FROM held) AS roles,
        (SELECT jsonb_object_agg(name, value)::text FROM user_attribute
            WHERE user_attribute.user_id = found.user_id) AS attributes,
        (SELECT jsonb_agg(to_jsonb(role))::text FROM role WHERE name IN (SELECT held.role FROM held)) AS made
    FROM found
"""
_ROTATE, _FIND = f"{_ROTATED}{_WITH_ACCESS}", f"{_KNOWN}{_WITH_ACCESS}"


async def insert_code(transaction: Transaction, code_hash: bytes, code: Code) -> None:
    values = {name: getattr(code, name) for name in _OF_CODE}
    values |= {name: getattr(code.grant, name) for name in _OF_GRANT}
    statement = sa.insert(authorization_code).values(**values, code_hash=code_hash)
    await transaction.execute(statement.values(expires_at=_NOW + CODE_LIFETIME))


async def lock_code(transaction: Transaction, code_hash: bytes) -> KnownCode | None:
    """The code, which is this transaction's until it ends."""
    is_live = (authorization_code.c.expires_at > _NOW).label("is_live")
    statement = sa.select(authorization_code, is_live).where(authorization_code.c.code_hash == code_hash)
    row = (await transaction.execute(statement.with_for_update())).mappings().one_or_none()
    if row is None:
        return None
    is_offline = "offline_access" in row["scopes"]
    grant = Grant(
        **{name: row[name] for name in _OF_GRANT}, session_id=None if is_offline else row["session_id"]
    )
    code = Code(grant=grant, **{name: row[name] for name in _OF_CODE})
    return KnownCode(code, row["is_live"], row["family_id"])


async def use_code(transaction: Transaction, code_hash: bytes, family_id: UUID) -> None:
    statement = sa.update(authorization_code).where(authorization_code.c.code_hash == code_hash)
    await transaction.execute(statement.values(family_id=family_id))


async def insert_family(transaction: Transaction, id_: UUID, grant: Grant, token_hash: bytes | None) -> None:
    values = {name: getattr(grant, name) for name in grant.__struct_fields__}
    statement = sa.insert(token_family).values(**values, id=id_, current_hash=token_hash)
    await transaction.execute(statement.values(expires_at=_NOW + FAMILY_LIFETIME))


async def delete_least_used_families(transaction: Transaction, user_id: UUID, client_id: str) -> None:
    """Makes room: of one user and client there are at most so many."""
    of_both = (token_family.c.user_id == user_id) & (token_family.c.client_id == client_id)
    most_used = sa.select(token_family.c.id).where(of_both).order_by(token_family.c.last_used_at.desc())
    statement = sa.delete(token_family).where(token_family.c.id.in_(most_used.offset(MAX_FAMILIES)))
    await transaction.execute(statement)


async def rotate(
    database: Database,
    id_: UUID,
    client_id: str,
    scopes: Collection[str] | None,
    *,
    presented: bytes,
    successor: bytes,
    sealed: bytes,
) -> Rotated | None:
    """The family of which the presented token was current until now, if it has `scopes`; None when not, and nothing is changed.

    One statement, and a transaction by itself: of all that present the same token at once, one finds it current.
    """
    wanted = None if scopes is None else list(scopes)
    row = await database.one(_ROTATE, id_, client_id, presented, successor, sealed, wanted, FAMILY_IDLE)
    return Rotated(_grant(row), _access(row)) if row else None


async def known(database: Database, id_: UUID, client_id: str) -> Known | None:
    """The client's live family."""
    row = await database.one(_FIND, id_, client_id, FAMILY_IDLE, GRACE)
    if row is None:
        return None
    others = {name: row[name] for name in Family.__struct_fields__ if name != "grant"}
    return Known(Family(grant=_grant(row), **others), _access(row))


def _grant(row: Mapping[str, Any]) -> Grant:
    return Grant(**{name: row[name] for name in Grant.__struct_fields__})


def _access(row: Mapping[str, Any]) -> Access:
    made = msgspec.json.decode(row["made"] or "[]", type=list[Role])
    holding = Holding(frozenset(row["roles"] or ()), msgspec.json.decode(row["attributes"] or "{}"))
    return access_of(holding, BUILT_IN | {role.name: role for role in made})


async def family(transaction: Transaction, id_: UUID) -> Family | None:
    is_in_grace = token_family.c.rotated_at > sa.func.clock_timestamp() - GRACE
    sealed = sa.case((is_in_grace, token_family.c.sealed_successor)).label("sealed_successor")
    others = (token_family.c[name] for name in ("current_hash", "previous_hash", "expires_at"))
    statement = sa.select(*_GRANT, *others, sealed)
    row = (
        (await transaction.execute(statement.where(token_family.c.id == id_, _LIVE))).mappings().one_or_none()
    )
    if row is None:
        return None
    return Family(
        grant=Grant(**{name: row[name] for name in Grant.__struct_fields__}),
        **{name: row[name] for name in Family.__struct_fields__ if name != "grant"},
    )


async def delete_family(transaction: Transaction, id_: UUID) -> bool:
    """Whether there was one."""
    return (await transaction.execute(sa.delete(token_family).where(token_family.c.id == id_))).rowcount == 1


async def delete_expired(transaction: Transaction) -> None:
    """Codes are known a while longer than they are good, so that one that comes twice is noticed."""
    of_code = authorization_code.c.expires_at < _NOW - CODE_KNOWN
    await transaction.execute(sa.delete(authorization_code).where(of_code))
    await transaction.execute(sa.delete(token_family).where(~_LIVE))
