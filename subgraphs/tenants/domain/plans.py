"""What a tenant can buy: how much of the gateway, for how much."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from common.inputs import InvalidInputError

FREE = "free"
"""The plan that every tenant begins with."""

Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]
Many = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Few = Annotated[int, Meta(ge=1, le=10_000)]
MOST = 2**31 - 1
"""Minor units of an amount: what GraphQL's Int holds."""


class Price(Struct, frozen=True):
    """A month's, in minor units of an ISO 4217 currency."""

    amount: Annotated[int, Meta(ge=0, le=MOST)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class Overage(Struct, frozen=True):
    """What each `unit` requests cost beyond those that the price includes, in minor units of the price's currency."""

    amount: Annotated[int, Meta(ge=0, le=MOST)]
    unit: Many


class Plan(Struct, frozen=True, kw_only=True):
    """`rate` requests a second with `burst` at once, `quota` a calendar month (UTC), `concurrency` under way in one process.

    The price pays for `included` requests a month; those up to the quota are `overage`.
    """

    name: Name
    title: Annotated[str, Meta(min_length=1, max_length=80)]
    price: Price
    rate: Annotated[int, Meta(ge=1, le=1_000_000)]
    burst: Annotated[int, Meta(ge=1, le=1_000_000)]
    quota: Many
    included: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    overage: Overage
    concurrency: Annotated[int, Meta(ge=1, le=100_000)]
    keys: Few
    members: Few
    routes: Few

    @property
    def is_priced(self) -> bool:
        """Whether any use of it costs money."""
        return self.price.amount > 0 or self.overage.amount > 0


def check_plan(plan: Plan) -> Plan:
    """Return `plan`, or raise InvalidInputError for what of it is out of bounds."""
    try:
        checked = msgspec.convert(msgspec.to_builtins(plan), Plan)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$.")
        raise InvalidInputError(place.rstrip("`"), f"is wrong: {message}") from None
    if plan.included > plan.quota:
        raise InvalidInputError("included", f"must be at most the quota, {plan.quota}")
    dearest = plan.price.amount + (plan.quota - plan.included) * plan.overage.amount // plan.overage.unit
    if dearest > MOST:
        raise InvalidInputError("overagePrice", f"lets a month at the quota cost {dearest}, more than {MOST}")
    return checked
