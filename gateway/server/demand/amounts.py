"""Amounts that depend on the variables of a request, with all that does not added up beforehand."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

Variables: TypeAlias = Mapping[str, Any]
Amount: TypeAlias = int | Callable[[Variables], int]


class CostError(Exception):
    """An operation whose cost cannot be estimated; the message says why."""


def value_of(amount: Amount, variables: Variables) -> int:
    """Raises CostError."""
    return amount if isinstance(amount, int) else amount(variables)


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum of all of them."""
    constant = 0
    variable: list[Callable[[Variables], int]] = []
    for amount in amounts:
        if isinstance(amount, int):
            constant += amount
        else:
            variable.append(amount)
    if not variable:
        return constant
    if len(variable) == 1 and not constant:
        return variable[0]
    return lambda variables: sum([amount(variables) for amount in variable], constant)


def times(count: Amount, amount: Amount) -> Amount:
    """So many of one amount."""
    if isinstance(count, int) and isinstance(amount, int):
        return count * amount
    if amount == 0 and isinstance(count, int):
        return 0
    if count == 1:
        return amount
    return lambda variables: value_of(count, variables) * value_of(amount, variables)


def most(first: Amount, second: Amount) -> Amount:
    """The greater of two."""
    if isinstance(first, int) and isinstance(second, int):
        return max(first, second)
    return lambda variables: max(value_of(first, variables), value_of(second, variables))


def under(conditions: Iterable[tuple[str, bool]], amount: Amount) -> Amount:
    """The amount where all boolean variables have the values told, nothing elsewhere."""
    wanted = tuple(conditions)
    if not wanted or amount == 0:
        return amount

    def conditional(variables: Variables) -> int:
        holds = all(bool(variables.get(name)) is value for name, value in wanted)
        return value_of(amount, variables) if holds else 0

    return conditional
