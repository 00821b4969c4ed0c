"""Plans, which all tenants choose from."""

from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.tenants.domain.plans import Overage, Plan, Price
from subgraphs.tenants.tables import plan


async def plans(transaction: Transaction) -> list[Plan]:
    """All of them, the cheapest first; they are few."""
    rows = await transaction.execute(sa.select(plan).order_by(plan.c.price_amount, plan.c.name))
    return [_plan(row) for row in rows]


async def find_plan(transaction: Transaction, name: str) -> Plan | None:
    row = (await transaction.execute(sa.select(plan).where(plan.c.name == name))).one_or_none()
    return None if row is None else _plan(row)


async def put_plan(transaction: Transaction, new: Plan) -> None:
    """Write the plan down, new or changed, by its name."""
    values = msgspec.structs.asdict(new)
    del values["price"], values["overage"]
    values |= fee_columns(new.price, new.overage)
    statement = insert(plan).values(values)
    await transaction.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def fee_columns(price: Price, overage: Overage) -> dict[str, Any]:
    """Both as columns."""
    return {
        "price_amount": price.amount,
        "price_currency": price.currency,
        "overage_amount": overage.amount,
        "overage_unit": overage.unit,
    }


def with_fees(row: Any) -> dict[str, Any]:
    """The row by column, with those of `fee_columns` as what they are."""
    values: dict[str, Any] = row._asdict()
    price = Price(values.pop("price_amount"), values.pop("price_currency"))
    overage = Overage(values.pop("overage_amount"), values.pop("overage_unit"))
    return {**values, "price": price, "overage": overage}


def _plan(row: Any) -> Plan:
    return Plan(**with_fees(row))
