"""The use cases of the provider: each is one transaction with its line in the log and its webhook.

Answers are kept by their idempotency keys as Stripe keeps them, an error of 500 too: who gets one must ask what became
of the request, for asking again gives the same error.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from subgraphs.provider import store
from subgraphs.provider.domain import intents
from subgraphs.provider.domain.balance import Entry, EntryKind, fee_of
from subgraphs.provider.domain.intents import Intent, Refund, Status
from subgraphs.provider.domain.methods import METHODS, Fault, Method, Operation
from subgraphs.provider.errors import ApiError
from subgraphs.provider.objects import card_error, event_object, intent_object, list_object, refund_object
from subgraphs.provider.requests import (
    CancelIntent,
    CaptureIntent,
    ConfirmIntent,
    CreateIntent,
    CreateRefund,
    Form,
    Search,
    UpdateIntent,
)

MAX_PAGE = 100
_LOST = {Fault.LOST, Fault.NEVER}
_PLAIN = Method()


class Answer(Struct, frozen=True):
    """What a request comes to; `fault` is how the answer is to go wrong on its way."""

    status: int
    body: dict[str, Any]
    fault: Fault | None = None


class _Request(Struct, frozen=True):
    """What an idempotency key is kept for."""

    path: str
    form: Any


Run = Callable[[Transaction], Awaitable[Answer]]


class CardProvider:
    """The provider's use cases; `pages` is the URL below which browsers find the pages of 3-D Secure."""

    def __init__(self, database: Database, pages: str) -> None:
        self._database = database
        self._pages = pages

    async def create(self, form: CreateIntent, key: str | None) -> Answer:
        """Make an intent, and confirm it if that is asked for."""
        operation = Operation.AUTHORISE if form.confirm else None
        if await self._is_lost(operation, METHODS.get(form.payment_method or ""), key):
            return Answer(0, {}, Fault.LOST)

        async def run(transaction: Transaction) -> Answer:
            made = Intent(
                id=f"pi_{secrets.token_hex(12)}",
                amount=form.amount,
                currency=form.currency,
                created=int(time.time()),
                challenge=secrets.token_urlsafe(24),
                payment_method=form.payment_method,
                return_url=form.return_url,
                metadata=form.metadata,
            )
            if not form.confirm:
                await store.put_intent(transaction, made)
                return Answer(200, intent_object(made, self._pages))
            return await self._authorise(transaction, intents.confirm(made, form.payment_method))

        return await self._once("create", form, key, run)

    async def confirm(self, id_: str, form: ConfirmIntent, key: str | None) -> Answer:
        async def run(transaction: Transaction) -> Answer:
            found = _present(await store.lock_intent(transaction, id_), id_)
            returning = msgspec.structs.replace(found, return_url=form.return_url or found.return_url)
            return await self._authorise(transaction, intents.confirm(returning, form.payment_method))

        return await self._acting(Operation.AUTHORISE, id_, form, key, run)

    async def capture(self, id_: str, form: CaptureIntent, key: str | None) -> Answer:
        async def run(transaction: Transaction) -> Answer:
            found = _present(await store.lock_intent(transaction, id_), id_)
            captured = _labelled(intents.capture(found, form.amount_to_capture), form.metadata)
            await store.put_intent(transaction, captured)
            taken = captured.amount_captured
            await store.add_entry(
                transaction,
                EntryKind.CHARGE,
                captured,
                source_id=captured.charge_id,
                amount=taken,
                fee=fee_of(taken),
            )
            await self._tell(transaction, "payment_intent.succeeded", captured)
            return Answer(200, intent_object(captured, self._pages))

        return await self._acting(Operation.CAPTURE, id_, form, key, run)

    async def cancel(self, id_: str, form: CancelIntent, key: str | None) -> Answer:
        async def run(transaction: Transaction) -> Answer:
            canceled = intents.cancel(_present(await store.lock_intent(transaction, id_), id_))
            await store.put_intent(transaction, canceled)
            await store.add_entry(transaction, EntryKind.CANCELED, canceled, source_id=id_, amount=0)
            await self._tell(transaction, "payment_intent.canceled", canceled)
            return Answer(200, intent_object(canceled, self._pages))

        return await self._acting(Operation.CANCEL, id_, form, key, run)

    async def update(self, id_: str, form: UpdateIntent, key: str | None) -> Answer:
        """Add to the metadata."""

        async def run(transaction: Transaction) -> Answer:
            found = _present(await store.lock_intent(transaction, id_), id_)
            labelled = _labelled(found, form.metadata)
            await store.put_intent(transaction, labelled)
            return Answer(200, intent_object(labelled, self._pages))

        return await self._once(f"update {id_}", form, key, run)

    async def refund(self, form: CreateRefund, key: str | None) -> Answer:
        async def run(transaction: Transaction) -> Answer:
            found = await store.lock_intent(transaction, form.payment_intent)
            changed, given = intents.refund(_present(found, form.payment_intent), form.amount)
            made = Refund(
                id=f"re_{secrets.token_hex(12)}",
                intent_id=changed.id,
                amount=given,
                currency=changed.currency,
                created=int(time.time()),
                metadata=form.metadata,
            )
            await store.put_intent(transaction, changed)
            await store.add_refund(transaction, made)
            await store.add_entry(transaction, EntryKind.REFUND, changed, source_id=made.id, amount=-given)
            await self._tell(transaction, "charge.refunded", changed)
            return Answer(200, refund_object(made))

        return await self._acting(Operation.REFUND, form.payment_intent, form, key, run)

    async def retrieve(self, id_: str) -> Answer:
        async with self._database.transaction() as transaction:
            found = _present(await store.find_intent(transaction, id_), id_)
        return Answer(200, intent_object(found, self._pages))

    async def search(self, query: Search) -> Answer:
        async with self._database.transaction() as transaction:
            found = await store.search_intents(transaction, query.equal, query.present, MAX_PAGE)
        return Answer(
            200, list_object([intent_object(each, self._pages) for each in found], kind="search_result")
        )

    async def list_refunds(self, intent_id: str) -> Answer:
        async with self._database.transaction() as transaction:
            found = await store.list_refunds(transaction, intent_id, MAX_PAGE)
        return Answer(200, list_object([refund_object(each) for each in found]))

    async def challenged(self, id_: str, challenge: str) -> Intent:
        """The intent of a 3-D Secure page. Raises ApiError unless `challenge` is its secret."""
        async with self._database.transaction() as transaction:
            return _challenged(await store.find_intent(transaction, id_), id_, challenge)

    async def answer_challenge(self, id_: str, challenge: str, *, is_approved: bool) -> Intent:
        """What the payer says on the page, which counts once."""
        async with self._database.transaction() as transaction:
            found = _challenged(await store.lock_intent(transaction, id_), id_, challenge)
            answered = intents.answer_challenge(found, is_approved=is_approved)
            if answered != found:
                await self._record_authorisation(transaction, answered)
            return answered

    async def report(self, first: date, last: date) -> Sequence[Entry]:
        """The charges and refunds of these days."""
        async with self._database.transaction() as transaction:
            return await store.list_moved(transaction, first, last)

    async def _acting(self, operation: Operation, id_: str, form: Form, key: str | None, run: Run) -> Answer:
        """Run an operation on an intent, with the trouble that its payment method makes."""
        async with self._database.transaction() as transaction:
            found = _present(await store.find_intent(transaction, id_), id_)
        method = METHODS.get(found.payment_method or "", _PLAIN)
        if await self._is_lost(operation, method, id_):
            return Answer(0, {}, Fault.LOST)

        async def run_badly(transaction: Transaction) -> Answer:
            return _spoilt(await run(transaction), method.fault_at(operation))

        return await self._once(f"{operation} {id_}", form, key, run_badly)

    async def _once(self, path: str, form: Form, key: str | None, run: Run) -> Answer:
        async with self._database.transaction() as transaction:
            if key is None:
                return await run(transaction)
            failpoint("provider.before_effect")
            answer = await idempotency.once(
                transaction,
                scope="api",
                key=key,
                request=_Request(path, form),
                run=lambda: run(transaction),
                result=Answer,
            )
            failpoint("provider.before_commit")
        failpoint("provider.after_commit")
        return answer

    async def _is_lost(self, operation: Operation | None, method: Method | None, key: str | None) -> bool:
        fault = method.fault_at(operation) if method and operation else None
        if fault not in _LOST:
            return False
        if fault is Fault.NEVER:
            return True
        async with self._database.transaction() as transaction:
            return await store.lose(transaction, f"{operation} {key}")

    async def _authorise(self, transaction: Transaction, confirmed: Intent) -> Answer:
        await self._record_authorisation(transaction, confirmed)
        if confirmed.status is Status.REQUIRES_PAYMENT_METHOD:
            body = card_error(confirmed)
            body["error"]["payment_intent"] = intent_object(confirmed, self._pages)
            return Answer(402, body)
        method = METHODS[confirmed.payment_method or ""]
        answer = Answer(200, intent_object(confirmed, self._pages))
        return _spoilt(answer, method.fault_at(Operation.AUTHORISE))

    async def _record_authorisation(self, transaction: Transaction, intent: Intent) -> None:
        """Keep the intent; if the card has decided, with a line in the log and a webhook."""
        await store.put_intent(transaction, intent)
        kinds = {
            Status.REQUIRES_CAPTURE: (EntryKind.AUTHORISED, "payment_intent.amount_capturable_updated"),
            Status.REQUIRES_PAYMENT_METHOD: (EntryKind.DECLINED, "payment_intent.payment_failed"),
        }
        if intent.status in kinds:
            kind, event = kinds[intent.status]
            await store.add_entry(transaction, kind, intent, source_id=intent.id, amount=intent.amount)
            await self._tell(transaction, event, intent)
        else:
            await self._tell(transaction, "payment_intent.requires_action", intent)

    async def _tell(self, transaction: Transaction, kind: str, intent: Intent) -> None:
        id_ = f"evt_{secrets.token_hex(12)}"
        body = event_object(id_, kind, int(time.time()), intent_object(intent, self._pages))
        method = METHODS.get(intent.payment_method or "", _PLAIN)
        await store.add_webhook(transaction, id_, msgspec.json.encode(body), 2 if method.is_repeated else 1)


def _spoilt(answer: Answer, fault: Fault | None) -> Answer:
    """The answer as it goes out; an error of 500 is what is kept, too."""
    if fault is Fault.ERROR:
        error = {"type": "api_error", "message": "An error occurred on our side."}
        return Answer(500, {"error": error})
    return answer if fault in _LOST else Answer(answer.status, answer.body, fault)


def _present(found: Intent | None, id_: str) -> Intent:
    if found is None:
        raise ApiError(404, "resource_missing", f"No such payment_intent: {id_!r}", param="intent")
    return found


def _challenged(found: Intent | None, id_: str, challenge: str) -> Intent:
    if found is None or not secrets.compare_digest(found.challenge.encode(), challenge.encode()):
        raise ApiError(404, "resource_missing", f"No such payment_intent: {id_!r}", param="intent")
    return found


def _labelled(intent: Intent, metadata: dict[str, str]) -> Intent:
    return msgspec.structs.replace(intent, metadata=intent.metadata | metadata)
