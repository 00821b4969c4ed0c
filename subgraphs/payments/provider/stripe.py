"""The CARD adapter: Stripe's API over HTTP, which the simulator in this platform speaks too.

Each operation writes a label made of its key into the intent's metadata, so that `find` can search for it and a webhook names it. Stripe's search lags
behind by up to a minute, and its idempotency keys give a kept answer again, errors of 500 too: what one of the two does
not tell the other does, and neither charges twice.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from common.http import Request, Response, Transport, TransportError
from common.settings import Secret
from subgraphs.payments.domain.money import Money
from subgraphs.payments.provider.port import ActionRequired, Declined, Outcome, Succeeded, Unknown

TIMEOUT: Final = 6.0
"""Seconds for one request, connecting included; an operation makes up to three, and the runner waits for twenty."""

API_VERSION: Final = "2024-06-20"
_WAITS = frozenset({401, 403, 409, 429})
"""Nothing was done, and the same request may be right later: a wrong key, one in use, too many requests."""

_Answer = dict[str, Any]


class StripeProvider:
    """Card payments at `transport`, authenticated by `secret`; payers come back to `return_url`."""

    def __init__(
        self, transport: Transport, secret: Secret, *, return_url: str, timeout: float = TIMEOUT
    ) -> None:
        self._transport = transport
        self._secret = secret
        self._return_url = return_url
        self._timeout = timeout

    async def authorise(self, key: str, amount: Money, method: str, reference: str) -> Outcome:
        """Create and confirm an intent whose capture is ours to ask for."""
        form = {
            "amount": str(amount.amount),
            "currency": amount.currency.lower(),
            "capture_method": "manual",
            "confirm": "true",
            "payment_method": method,
            "return_url": self._return_url,
            "metadata[reference]": reference,
            f"metadata[{_label(key)}]": f"authorise {key}",
        }
        answer = await self._post("/v1/payment_intents", form, key)
        return _authorised(answer) if isinstance(answer, dict) else answer

    async def capture(self, key: str, authorisation: str, amount: Money) -> Outcome:
        form = {"amount_to_capture": str(amount.amount), f"metadata[{_label(key)}]": f"capture {key}"}
        answer = await self._post(f"/v1/payment_intents/{quote(authorisation)}/capture", form, key)
        return (
            Succeeded(answer["latest_charge"]) if isinstance(answer, dict) else await self._sure(key, answer)
        )

    async def void(self, key: str, authorisation: str) -> Outcome:
        path = f"/v1/payment_intents/{quote(authorisation)}"
        labelled = await self._post(path, {f"metadata[{_label(key)}]": f"void {key}"}, f"{key} label")
        if not isinstance(labelled, dict):
            return labelled
        answer = await self._post(f"{path}/cancel", {}, key)
        return Succeeded(answer["id"]) if isinstance(answer, dict) else await self._sure(key, answer)

    async def refund(self, key: str, authorisation: str, amount: Money) -> Outcome:
        label = {f"metadata[{_label(key)}]": f"refund {key}"}
        labelled = await self._post(f"/v1/payment_intents/{quote(authorisation)}", label, f"{key} label")
        if not isinstance(labelled, dict):
            return labelled
        form = {"payment_intent": authorisation, "amount": str(amount.amount), **label}
        answer = await self._post("/v1/refunds", form, key)
        return _refunded(answer) if isinstance(answer, dict) else await self._sure(key, answer)

    async def find(self, key: str) -> Outcome | None:
        label = _label(key)
        query = quote(f"-metadata['{label}']:null")
        answer = await self._get(f"/v1/payment_intents/search?query={query}")
        if not isinstance(answer, dict):
            return answer
        if not answer["data"]:
            return None
        intent = answer["data"][0]
        match intent["metadata"][label].partition(" ")[0]:
            case "authorise":
                return _authorised(intent)
            case "capture":
                return Succeeded(intent["latest_charge"]) if intent["status"] == "succeeded" else None
            case "void":
                return Succeeded(intent["id"]) if intent["status"] == "canceled" else None
        return await self._find_refund(intent["id"], label)

    async def _find_refund(self, intent_id: str, label: str) -> Outcome | None:
        answer = await self._get(f"/v1/refunds?payment_intent={quote(intent_id)}&limit=100")
        if not isinstance(answer, dict):
            return answer
        made = (refund for refund in answer["data"] if label in refund["metadata"])
        return next(map(_refunded, made), None)

    async def _sure(self, key: str, refusal: Outcome) -> Outcome:
        """The refusal, unless it refuses what was done before: then that."""
        if not isinstance(refusal, Declined):
            return refusal
        found = await self.find(key)
        return refusal if found is None else found

    async def _post(self, path: str, form: Mapping[str, str], key: str) -> "_Answer | Declined | Unknown":
        headers = (("content-type", "application/x-www-form-urlencoded"), ("idempotency-key", key))
        return await self._send(Request(path, urlencode(form).encode(), headers=headers, idempotent=True))

    async def _get(self, path: str) -> "_Answer | Unknown":
        answer = await self._send(Request(path, method="GET", idempotent=True))
        return Unknown(answer.message) if isinstance(answer, Declined) else answer

    async def _send(self, request: Request) -> "_Answer | Declined | Unknown":
        authorised = (
            *request.headers,
            ("authorization", f"Bearer {self._secret.reveal()}"),
            ("stripe-version", API_VERSION),
        )
        try:
            response = await self._transport.send(
                msgspec.structs.replace(request, headers=authorised), timeout=self._timeout
            )
        except TransportError as error:
            return Unknown(error.reason)
        return _read(response)


def _read(response: Response) -> "_Answer | Declined | Unknown":
    try:
        body: _Answer = msgspec.json.decode(response.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return Unknown(f"status {response.status} and no JSON")
    if response.status == 200:
        return body
    error = body.get("error") or {}
    kind, message = error.get("type"), str(error.get("message", ""))
    if response.status >= 500 or response.status in _WAITS or kind == "idempotency_error":
        return Unknown(f"status {response.status}: {message}")
    return Declined(str(error.get("decline_code") or error.get("code") or kind), message)


def _authorised(intent: _Answer) -> Outcome:
    match intent["status"]:
        case "requires_capture" | "succeeded":
            return Succeeded(intent["id"])
        case "requires_action":
            return ActionRequired(intent["next_action"]["redirect_to_url"]["url"], intent["id"])
        case "requires_payment_method":
            error = intent["last_payment_error"] or {}
            code = error.get("decline_code") or error.get("code") or "generic_decline"
            return Declined(str(code), str(error.get("message", "")))
        case "canceled":
            return Declined("canceled", "The authorisation was cancelled")
    return Unknown(f"the provider says {intent['status']}")


def _refunded(refund: _Answer) -> Outcome:
    match refund["status"]:
        case "succeeded" | "pending":  # a bank may take days to say so; it counts as given
            return Succeeded(refund["id"])
        case "failed" | "canceled":
            return Declined(str(refund.get("failure_reason") or refund["status"]), "The refund failed")
    return Unknown(f"the provider says {refund['status']}")


def _label(key: str) -> str:
    """A metadata key, of which Stripe takes 40 characters."""
    return f"op_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
