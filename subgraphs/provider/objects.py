"""The provider's values as Stripe's API shows them."""

from collections.abc import Sequence
from typing import Any

from subgraphs.provider.domain.intents import Intent, Refund, Status

_MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "authentication_failed": "The payer refused, or could not be authenticated.",
}


def intent_object(intent: Intent, pages: str) -> dict[str, Any]:
    """A `payment_intent`; `pages` is the URL below which the pages of 3-D Secure are."""
    capturable = intent.amount if intent.status is Status.REQUIRES_CAPTURE else 0
    is_charged = intent.status in {Status.REQUIRES_CAPTURE, Status.SUCCEEDED}
    return {
        "id": intent.id,
        "object": "payment_intent",
        "amount": intent.amount,
        "amount_capturable": capturable,
        "amount_received": intent.amount_captured,
        "capture_method": "manual",
        "created": intent.created,
        "currency": intent.currency,
        "last_payment_error": card_error(intent)["error"] if intent.decline else None,
        "latest_charge": intent.charge_id if is_charged else None,
        "livemode": False,
        "metadata": intent.metadata,
        "next_action": _next_action(intent, pages) if intent.status is Status.REQUIRES_ACTION else None,
        "payment_method": intent.payment_method,
        "status": intent.status.value,
    }


def refund_object(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "charge": refund.intent_id.replace("pi_", "ch_", 1),
        "created": refund.created,
        "currency": refund.currency,
        "metadata": refund.metadata,
        "payment_intent": refund.intent_id,
        "status": "succeeded",
    }


def list_object(data: Sequence[dict[str, Any]], *, kind: str = "list") -> dict[str, Any]:
    return {"object": kind, "data": list(data), "has_more": False}


def card_error(intent: Intent) -> dict[str, Any]:
    """The answer to a confirmation that the card refused."""
    code = intent.decline or "generic_decline"
    return {
        "error": {
            "type": "card_error",
            "code": code if code in {"expired_card", "authentication_failed"} else "card_declined",
            "decline_code": code,
            "message": _MESSAGES.get(code, "Your card was declined."),
        }
    }


def event_object(id_: str, kind: str, created: int, value: dict[str, Any]) -> dict[str, Any]:
    """A webhook's body."""
    return {
        "id": id_,
        "object": "event",
        "created": created,
        "type": kind,
        "livemode": False,
        "data": {"object": value},
    }


def _next_action(intent: Intent, pages: str) -> dict[str, Any]:
    url = f"{pages}/3ds/{intent.id}?challenge={intent.challenge}"
    return {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": intent.return_url}}
