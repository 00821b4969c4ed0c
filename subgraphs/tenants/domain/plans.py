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


class Price(Struct, frozen=True):
    """A month's, in minor units of an ISO 4217 currency."""

    amount: Annotated[int, Meta(ge=0, le=2_147_483_647)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class Plan(Struct, frozen=True, kw_only=True):
    """`rate` requests a second with `burst` at once, `quota` a calendar month (UTC), `concurrency` under way in one process."""

    name: Name
    title: Annotated[str, Meta(min_length=1, max_length=80)]
    price: Price
    rate: Annotated[int, Meta(ge=1, le=1_000_000)]
    burst: Annotated[int, Meta(ge=1, le=1_000_000)]
    quota: Many
    concurrency: Annotated[int, Meta(ge=1, le=100_000)]
    keys: Few
    members: Few
    routes: Few


def check_plan(plan: Plan) -> Plan:
    """Return `plan`, or raise InvalidInputError for what of it is out of bounds."""
    try:
        return msgspec.convert(msgspec.to_builtins(plan), Plan)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$.")
        raise InvalidInputError(place.rstrip("`"), f"is wrong: {message}") from None
