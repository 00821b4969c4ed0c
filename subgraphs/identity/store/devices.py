"""Device authorizations; the database's clock decides which of them still count."""

from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.domain.devices import INTERVAL, LIFETIME, DeviceAuthorization, DeviceState
from subgraphs.identity.provider_tables import device_authorization as device

_NOW = sa.func.now()
_SHOWN = [device.c[name] for name in DeviceAuthorization.__struct_fields__]


class Polled(Struct, frozen=True):
    """A device that asks, whether its code is still good, and whether it asks too soon."""

    authorization: DeviceAuthorization
    is_live: bool
    is_too_soon: bool


async def insert_device(transaction: Transaction, code_hash: bytes, new: DeviceAuthorization) -> bool:
    """Whether no other has the same user code now."""
    values = {name: getattr(new, name) for name in ("user_code", "client_id", "scopes")}
    statement = insert(device).values(
        **values, device_code_hash=code_hash, interval=INTERVAL, expires_at=_NOW + LIFETIME
    )
    return (await transaction.execute(statement.on_conflict_do_nothing())).rowcount == 1


async def pending(transaction: Transaction, user_code: str) -> DeviceAuthorization | None:
    statement = sa.select(*_SHOWN).where(*_is_pending(user_code))
    row = (await transaction.execute(statement)).mappings().one_or_none()
    return _authorization(row) if row else None


async def decide(transaction: Transaction, user_code: str, state: DeviceState, session_id: UUID) -> bool:
    """Whether it was still to be decided."""
    statement = sa.update(device).where(*_is_pending(user_code))
    return (
        await transaction.execute(statement.values(state=state.value, session_id=session_id))
    ).rowcount == 1


async def lock_polled(transaction: Transaction, code_hash: bytes) -> Polled | None:
    """The device, which is this transaction's until it ends."""
    interval = device.c.interval * sa.text("interval '1 s'")
    marks = ((device.c.expires_at > _NOW).label("live"), (device.c.polled_at + interval > _NOW).label("soon"))
    statement = sa.select(*_SHOWN, *marks).where(device.c.device_code_hash == code_hash).with_for_update()
    row = (await transaction.execute(statement)).mappings().one_or_none()
    return Polled(_authorization(row), row["live"], row["soon"]) if row else None


async def count_poll(transaction: Transaction, code_hash: bytes, slower: int) -> None:
    statement = sa.update(device).where(device.c.device_code_hash == code_hash)
    changes = {"interval": sa.func.least(device.c.interval + slower, 600), "polled_at": _NOW}
    await transaction.execute(statement.values(**changes))


async def delete_device(transaction: Transaction, code_hash: bytes) -> None:
    await transaction.execute(sa.delete(device).where(device.c.device_code_hash == code_hash))


async def delete_expired(transaction: Transaction) -> None:
    """A while later than they end, so that a device is told why."""
    await transaction.execute(sa.delete(device).where(device.c.expires_at < _NOW - LIFETIME))


def _authorization(row: sa.RowMapping) -> DeviceAuthorization:
    values = {name: row[name] for name in DeviceAuthorization.__struct_fields__}
    return DeviceAuthorization(**{**values, "state": DeviceState(row["state"])})


def _is_pending(user_code: str) -> tuple[sa.ColumnElement[bool], ...]:
    is_pending = device.c.state == DeviceState.PENDING.value
    return device.c.user_code == user_code, is_pending, device.c.expires_at > _NOW
