"""The use cases of outgoing webhooks, and telling their endpoints in the transaction of what happened."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from common.database import Database, Transaction
from common.inputs import check_page
from subgraphs.payments.domain.checkouts import Checkout
from subgraphs.payments.domain.webhooks import (
    ROTATION,
    DeliveryState,
    Network,
    WebhookDelivery,
    WebhookEndpoint,
    check_url,
)
from subgraphs.payments.service.webhook_secrets import WebhookSecrets, new_secret
from subgraphs.payments.store import checkouts
from subgraphs.payments.store import webhooks as store


class IssuedSecret(Struct, frozen=True):
    """The secret of an endpoint, which is known to nobody else from now on."""

    endpoint: WebhookEndpoint
    secret: str


class Webhooks:
    """The endpoints that are told what happens; `allowed` are the networks that may be private."""

    def __init__(self, database: Database, secrets: WebhookSecrets, allowed: Sequence[Network] = ()) -> None:
        self._database = database
        self._secrets = secrets
        self._allowed = allowed

    async def add(self, url: str) -> IssuedSecret:
        """Tell `url` from now on. Raises InvalidInputError for one that webhooks must not go to."""
        checked, secret = check_url(url, self._allowed), new_secret()
        async with self._database.transaction() as transaction:
            id_ = await checkouts.new_id(transaction)
            sealed = self._secrets.seal(id_, secret)
            return IssuedSecret(await store.add_endpoint(transaction, id_, checked, sealed), secret)

    async def list_endpoints(self) -> list[WebhookEndpoint]:
        async with self._database.transaction() as transaction:
            return await store.list_endpoints(transaction)

    async def rotate(self, id_: UUID) -> IssuedSecret | None:
        """Give the endpoint another secret; the old one signs beside it for a day. None when there is no such endpoint."""
        secret = new_secret()
        async with self._database.transaction() as transaction:
            rotated = await store.rotate(transaction, id_, self._secrets.seal(id_, secret), ROTATION)
        return IssuedSecret(rotated, secret) if rotated else None

    async def enable(self, id_: UUID, *, is_enabled: bool) -> WebhookEndpoint | None:
        async with self._database.transaction() as transaction:
            return await store.enable(transaction, id_, is_enabled=is_enabled)

    async def remove(self, id_: UUID) -> bool:
        async with self._database.transaction() as transaction:
            return await store.remove(transaction, id_)

    async def replay(self, delivery_id: int) -> bool:
        """Deliver once more what was delivered, or is DEAD; False when there is no such delivery."""
        async with self._database.transaction() as transaction:
            return await store.replay(transaction, delivery_id)

    async def list_deliveries(
        self, endpoint_id: UUID, state: DeliveryState | None, first: int
    ) -> Sequence[WebhookDelivery]:
        """The newest `first` deliveries to an endpoint. Raises InvalidInputError for a wrong page."""
        async with self._database.transaction() as transaction:
            return await store.list_deliveries(transaction, endpoint_id, state, check_page(first))


async def tell(transaction: Transaction, type_: str, object_id: UUID, data: dict[str, Any]) -> None:
    """Tell every endpoint that `type_` happened to an object, if, and only if, `transaction` commits."""
    id_ = f"msg_{uuid4().hex}"
    at = await checkouts.now(transaction)
    body = msgspec.json.encode({"type": type_, "timestamp": at.isoformat(), "data": data})
    await store.add_message(transaction, id_, type_, object_id, body)


async def tell_of_checkout(transaction: Transaction, type_: str, checkout: Checkout) -> None:
    """Tell every endpoint what became of a checkout."""
    facts = {
        "id": checkout.id,
        "reservationId": checkout.reservation_id,
        "version": checkout.version,
        "state": checkout.state,
        "amount": checkout.amount,
        "failure": checkout.failure,
        "actionUrl": checkout.action_url,
    }
    await tell(transaction, type_, checkout.id, facts)
