"""Customers: each reserves, begins a checkout, does what is asked of it, and looks until the checkout has ended.

They are patient: what got no answer is asked again with the same key, as any client must.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode, urlsplit

from common.http import Request, TransportError
from tests.chaos.checkout.world import World

FUNDS = 5_000
PATIENCE = 0.2  # seconds between two questions
ENDED_WITHIN = 240.0  # seconds, in which services may fail again and again

TOP_UP = (
    """mutation ($amount: Int!) { topUpWallet(amount: $amount, idempotencyKey: "funds") { __typename } }"""
)
RESERVE = """mutation { reserveStock(input: { sku: "MUG", quantity: 1 }, idempotencyKey: "mug") {
  ... on Reservation { id } } }"""
CHECKOUT = """mutation ($reservation: ID!, $method: PaymentMethodInput!) {
  checkout(reservationId: $reservation, paymentMethod: $method, idempotencyKey: "sale") {
    ... on Checkout { id } } }"""
LOOK = "query ($id: ID!) { checkout(id: $id) { state failure actionUrl } }"


class Ending(StrEnum):
    """What a customer does when the bank asks."""

    APPROVE = "APPROVE"
    REFUSE = "REFUSE"
    WALK_AWAY = "WALK_AWAY"
    LOSE_STOCK = "LOSE_STOCK"


@dataclass(frozen=True)
class Story:
    """How a customer pays, and how that ends where nothing goes wrong."""

    method: dict[str, str]
    ends: str
    asked: Ending = Ending.APPROVE
    funds: int = FUNDS


def card(token: str) -> dict[str, str]:
    return {"provider": "CARD", "token": token}


CHALLENGED = card("pm_card_threeDSecure2Required")
STORIES = {
    "wallet": Story({"provider": "WALLET"}, "COMPLETED"),
    "empty wallet": Story({"provider": "WALLET"}, "DECLINED", funds=1),
    "card": Story(card("pm_card_webhooks_twice"), "COMPLETED"),
    "declined card": Story(card("pm_card_visa_chargeDeclined"), "DECLINED"),
    "silent capture": Story(card("pm_card_capture_timesOut"), "COMPLETED"),
    "failing authorisation": Story(card("pm_card_authorise_error"), "COMPLETED"),
    "lost authorisation": Story(card("pm_card_authorise_lost"), "COMPLETED"),
    "approved": Story(CHALLENGED, "COMPLETED"),
    "walked away": Story(CHALLENGED, "TIMED_OUT", Ending.WALK_AWAY),
    "lost stock": Story(CHALLENGED, "RESERVATION_ENDED", Ending.LOSE_STOCK),
}
EARLY = frozenset({"TIMED_OUT", "RESERVATION_ENDED"})
"""How any story may end when services are away for long."""

SHORT = ("wallet", "card", "declined card", "silent capture", "walked away", "lost stock")


@dataclass
class Customer:
    """One who buys once; `checkout_id` is known once it was answered."""

    world: World
    name: str
    story: Story
    checkout_id: str | None = None

    async def buy(self) -> str:
        """How it ended: COMPLETED, or why not."""
        if self.story.method["provider"] == "WALLET":
            await self._ask("payments", TOP_UP, amount=self.story.funds)
        held = await self._ask("inventory", RESERVE)
        reservation = held["reserveStock"]["id"]
        begun = await self._ask("payments", CHECKOUT, reservation=reservation, method=self.story.method)
        self.checkout_id = begun["checkout"]["id"]
        is_answered = False
        while True:
            found = (await self._ask("payments", LOOK, id=self.checkout_id))["checkout"]
            if found["state"] in {"COMPLETED", "FAILED"}:
                return str(found["failure"] or found["state"])
            if found["actionUrl"] and not is_answered:
                await self._act(found["actionUrl"], reservation)
                is_answered = True
            await asyncio.sleep(PATIENCE)

    async def _act(self, url: str, reservation: str) -> None:
        match self.story.asked:
            case Ending.WALK_AWAY:
                await self._hurry(
                    "UPDATE payments.checkout SET deadline = now() WHERE id = $1 AND deadline > now()",
                    self.checkout_id,
                )
            case Ending.LOSE_STOCK:
                await self._hurry(
                    "UPDATE inventory.reservation SET expires_at = now() WHERE id = $1", reservation
                )
                await self._answer_bank(url, "approve")
            case decision:
                await self._answer_bank(url, decision.lower())

    async def _hurry(self, statement: str, id_: str | None) -> None:
        """Let a time pass that nobody here waits for."""
        while True:
            try:
                await self.world.fetch(statement, id_)
            except Exception:  # noqa: BLE001 - the server is away
                await asyncio.sleep(PATIENCE)
            else:
                return

    async def _answer_bank(self, url: str, decision: str) -> None:
        parts = urlsplit(url)
        challenge = re.sub("^challenge=", "", parts.query)
        path = parts.path.removeprefix("/provider")
        body = urlencode({"challenge": challenge, "decision": decision}).encode()
        await self._send("provider", Request(path, body))

    async def _ask(self, service: str, query: str, **variables: Any) -> dict[str, Any]:
        token = self.world.issuer.token({"sub": self.name})
        headers = (("content-type", "application/json"), ("authorization", f"Bearer {token}"))
        body = json.dumps({"query": query, "variables": variables}).encode()
        while True:
            answer = json.loads(await self._send(service, Request("/graphql", body, headers=headers)))
            if "errors" not in answer:
                return dict(answer["data"])
            await asyncio.sleep(PATIENCE)

    async def _send(self, service: str, request: Request) -> bytes:
        while True:
            try:
                response = await self.world.transports[service].send(request, timeout=5)
            except TransportError:
                await asyncio.sleep(PATIENCE)
                continue
            if response.status < 500:
                return response.body
            await asyncio.sleep(PATIENCE)


@dataclass
class Market:
    """A customer of each story at a time, and another of it when that one has ended, until it is closed.

    `ended` counts how each story ended; `wrong` are the customers who were served otherwise than they may be.
    """

    world: World
    stories: Sequence[str]
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    is_closed: bool = False

    async def run(self) -> None:
        """Until it is closed and everyone has gone."""
        async with asyncio.TaskGroup() as group:
            for story in self.stories:
                group.create_task(self._sell(story))

    async def _sell(self, name: str) -> None:
        story = STORIES[name]
        number = 0
        while not self.is_closed:
            number += 1
            customer = Customer(self.world, f"{name} {number}", story)
            try:
                async with asyncio.timeout(ENDED_WITHIN):
                    ending = await customer.buy()
            except TimeoutError:
                ending = "NEVER"
            self.ended[name, ending] += 1
            if ending != story.ends and ending not in EARLY:
                self.wrong.append(f"{customer.name}, checkout {customer.checkout_id}: {ending}")
