"""Who decides about `@policy`: a Python function, given to the router or named in its configuration."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias, cast

from gateway.server.dotted import load_by_name
from gateway.server.http.request import HttpRequest

if TYPE_CHECKING:  # it loads cryptography
    from common.auth import Caller

PolicyFunction: TypeAlias = Callable[[frozenset[str], "Caller | None", HttpRequest], Awaitable[Iterable[str]]]
"""Given the policies that an operation mentions, the caller and the request, the policies that are granted."""


def load_policies(name: str | None) -> PolicyFunction | None:
    """The function of a dotted name, such as `shop.policies.decide`; None without one. Raises ValueError."""
    if name is None:
        return None
    found = load_by_name(name, key="authorization.policies")
    if not callable(found):
        raise ValueError(f"`authorization.policies` names {name!r}, which is no function")  # noqa: TRY004 - a fault of the configuration
    return cast("PolicyFunction", found)
