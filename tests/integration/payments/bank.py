"""A provider in the test's own hand: it keeps its books by key, and answers or not as a test tells it."""

from collections import Counter, deque
from collections.abc import Callable

from subgraphs.payments.domain.money import Money
from subgraphs.payments.provider.port import ActionRequired, Declined, Outcome, Succeeded, Unknown

Answer = Callable[["Bank", str, Outcome], Outcome]


def loses_answer(bank: "Bank", key: str, outcome: Outcome) -> Outcome:
    """The effect is there, and who asked does not learn of it."""
    bank.effects[key] = outcome
    return Unknown("connection reset")


def loses_request(_bank: "Bank", _key: str, _outcome: Outcome) -> Outcome:
    return Unknown("connection refused")


def declines(bank: "Bank", key: str, _outcome: Outcome) -> Outcome:
    return bank.effects.setdefault(key, Declined("card_declined", "No"))


def demands_action(bank: "Bank", key: str, _outcome: Outcome) -> Outcome:
    return bank.effects.setdefault(key, ActionRequired("https://bank.example/3ds", f"ref {key}"))


class Bank:
    """Succeeds, unless `answers` says otherwise for the next calls. `sent` counts the calls by key, `found` the questions."""

    def __init__(self) -> None:
        self.effects: dict[str, Outcome] = {}
        self.answers: deque[Answer] = deque()
        self.sent: Counter[str] = Counter()
        self.found: Counter[str] = Counter()

    async def authorise(self, key: str, amount: Money, method: str, reference: str) -> Outcome:  # noqa: ARG002 - the port's
        return self._answer(key)

    async def capture(self, key: str, authorisation: str, amount: Money) -> Outcome:  # noqa: ARG002 - the port's
        return self._answer(key)

    async def void(self, key: str, authorisation: str) -> Outcome:  # noqa: ARG002 - the port's
        return self._answer(key)

    async def refund(self, key: str, authorisation: str, amount: Money) -> Outcome:  # noqa: ARG002 - the port's
        return self._answer(key)

    async def find(self, key: str) -> Outcome | None:
        self.found[key] += 1
        return self.effects.get(key)

    def _answer(self, key: str) -> Outcome:
        self.sent[key] += 1
        if key in self.effects:
            return self.effects[key]
        outcome = Succeeded(f"ref {key}")
        if self.answers:
            return self.answers.popleft()(self, key, outcome)
        self.effects[key] = outcome
        return outcome
