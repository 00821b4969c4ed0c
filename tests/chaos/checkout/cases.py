"""The matrix: each failpoint of each service, and what happens to the process there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from common import failpoints

KERNEL = ("outbox.", "consumer.", "idempotency.")
"""What of the kernel a sale comes by, in payments and in inventory."""

ELSEWHERE = (
    "consumer.before_park",  # only a defect comes by: tests/integration/kernel brings one about
    "inventory.extend.",  # the owner asks for more time before the checkout
    "inventory.release.",  # the owner gives back what no checkout has
    "inventory.reserve.after_take",  # carts; one article is held in one statement
    "inventory.reserve.before_commit",
    "payments.once.",  # operators' own doors
    "payments.pay_out.",
    "stock.",  # work in the warehouse
)
"""Where no sale comes by. Each has a test beside what it belongs to."""


class Action(StrEnum):
    """KILL: it dies. STOP: it is stopped, another does its work, then it goes on. BREAK: its connections end under it."""

    KILL = "kill"
    STOP = "stop"
    BREAK = "break"


@dataclass(frozen=True)
class Case:
    service: str
    failpoint: str
    action: Action

    def __str__(self) -> str:
        return f"{self.service} {self.failpoint} {self.action}"

    @property
    def setting(self) -> str:
        """What arms a process for it."""
        return f"{self.failpoint}:{'kill' if self.action is Action.KILL else 'pause'}"


def all_cases(actions: Iterable[Action]) -> list[Case]:
    """Every case; a failpoint that is new in the source is among them."""
    return [
        Case(service, failpoint, action)
        for action in actions
        for service, names in _failpoints().items()
        for failpoint in sorted(names)
    ]


def _failpoints() -> Mapping[str, frozenset[str]]:
    kernel = frozenset(name for name in failpoints.names("common") if name.startswith(KERNEL))
    payments = failpoints.names("subgraphs.payments")
    in_worker = frozenset(name for name in payments if name.startswith("payments.ship."))
    found = {
        "payments": payments - in_worker | kernel,
        "inventory": failpoints.names("subgraphs.inventory")
        | {name for name in kernel if not name.startswith("idempotency.")},  # as is its key
        "provider": failpoints.names("subgraphs.provider"),
        "jobs": in_worker,
    }
    return {
        service: frozenset(name for name in names if not name.startswith(ELSEWHERE))
        for service, names in found.items()
    }
