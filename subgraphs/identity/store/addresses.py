"""This region's claims to addresses, which the transactions of its accounts take and give up."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.directory_tables import address_claim
from subgraphs.identity.domain.directory import Claim, ClaimState
from subgraphs.identity.tables import user

_state = address_claim.c.state
_ASKED, _RELEASED = ClaimState.ASKED.value, ClaimState.RELEASED.value


async def ask(transaction: Transaction, email: str) -> Claim | None:
    """A claim that is ASKED, the same for all who ask at once; None for an address that is TAKEN here, or DISPUTED."""
    statement = insert(address_claim).values(email=email)
    new = statement.excluded
    number = sa.case((_state == _ASKED, address_claim.c.number), else_=new.number)
    changes = {"state": _ASKED, "number": number, "asked_at": sa.func.now()}
    statement = statement.on_conflict_do_update(
        index_elements=["email"], set_=changes, where=_state.in_([_ASKED, _RELEASED])
    )
    found = await transaction.execute(statement.returning(address_claim.c.number))
    number_ = found.scalar_one_or_none()
    return None if number_ is None else Claim(email, number_)


async def settle(transaction: Transaction, claim: Claim, state: ClaimState) -> bool:
    """Makes of what was ASKED what came of it; whether it was ASKED still."""
    statement = sa.update(address_claim).where(_is(claim, ClaimState.ASKED)).values(state=state.value)
    return (await transaction.execute(statement)).rowcount > 0


async def forget(transaction: Transaction, claim: Claim) -> None:
    """Forgets a claim of which the decider knows that it is RELEASED."""
    await transaction.execute(sa.delete(address_claim).where(_is(claim, ClaimState.RELEASED)))


async def give_up(transaction: Transaction, email: str) -> None:
    """Has the address released."""
    statement = sa.update(address_claim).where(address_claim.c.email == email)
    await transaction.execute(statement.values(state=_RELEASED))


async def give_up_forgotten(transaction: Transaction, age: timedelta) -> None:
    """The same for those of whoever has not signed up within `age`."""
    has_account = sa.exists().where(user.c.email == address_claim.c.email)
    forgotten = (_state == _ASKED) & (address_claim.c.asked_at < sa.func.now() - age) & ~has_account
    await transaction.execute(sa.update(address_claim).where(forgotten).values(state=_RELEASED))


async def released(transaction: Transaction, limit: int) -> list[Claim]:
    """Claims of which the decider has yet to hear that they are given up."""
    statement = sa.select(address_claim.c.email, address_claim.c.number).where(_state == _RELEASED)
    rows = await transaction.execute(statement.order_by(sa.func.random()).limit(limit))
    return [Claim(row.email, row.number) for row in rows]


async def unclaimed(transaction: Transaction, limit: int) -> list[str]:
    """Addresses of accounts that are not claimed yet."""
    settled = [ClaimState.TAKEN.value, ClaimState.DISPUTED.value]
    claimed = sa.exists().where(address_claim.c.email == user.c.email, _state.in_(settled))
    statement = sa.select(user.c.email).where(~claimed).limit(limit)
    return list((await transaction.execute(statement)).scalars())


async def has_account(transaction: Transaction, email: str) -> bool:
    """Whether the address is an account's; it stays so until `transaction` ends."""
    statement = sa.select(user.c.id).where(user.c.email == email).with_for_update()
    return (await transaction.execute(statement)).one_or_none() is not None


def _is(claim: Claim, state: ClaimState) -> sa.ColumnElement[bool]:
    is_it = (address_claim.c.email == claim.email) & (address_claim.c.number == claim.number)
    return is_it & (_state == state.value)
