"""The payer's page of 3-D Secure: the bank asks, the payer approves or refuses."""

from decimal import Decimal
from html import escape
from typing import Any
from urllib.parse import parse_qs

from iso4217 import Currency
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from subgraphs.provider.domain.intents import Intent, Status
from subgraphs.provider.errors import ApiError
from subgraphs.provider.routes.answering import refused
from subgraphs.provider.service import CardProvider

_PLACES = {each.code: each.exponent for each in Currency}
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}


def page_routes(provider: CardProvider) -> list[HTTPRouteHandler]:
    """The page, which is found by the secret in its URL, and what its two buttons send."""

    @get("/3ds/{intent:str}", summary="Ask the payer", exception_handlers={ApiError: refused})
    async def show(intent: FromPath[str], challenge: FromQuery[str]) -> Response[str]:
        return _page(await provider.challenged(intent, challenge))

    @post("/3ds/{intent:str}", summary="Take the payer's answer", exception_handlers={ApiError: refused})
    async def decide(request: Request[Any, Any, Any], intent: FromPath[str]) -> Response[Any]:
        form = parse_qs((await request.body()).decode("latin-1"), max_num_fields=10)
        challenge, decision = (form.get(name, [""])[0] for name in ("challenge", "decision"))
        answered = await provider.answer_challenge(intent, challenge, is_approved=decision == "approve")
        return (
            _page(answered) if answered.return_url is None else Redirect(answered.return_url, status_code=303)
        )

    return [show, decide]


def _page(intent: Intent) -> Response[str]:
    currency = intent.currency.upper()
    amount = f"{Decimal(intent.amount).scaleb(-(_PLACES.get(currency) or 0))} {escape(currency)}"
    body = (
        _question(intent, amount)
        if intent.status is Status.REQUIRES_ACTION
        else "<p>Nothing is asked of you here any more.</p>"
    )
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Your bank</title>'
        "<style>body{font:1rem/1.5 system-ui;max-width:28rem;margin:4rem auto;padding:0 1rem}"
        "button{font:inherit;padding:.5rem 1rem;margin-right:.5rem}</style>"
        f"<h1>Your bank</h1>{body}</html>"
    )
    return Response(page, media_type="text/html", headers=_HEADERS)


def _question(intent: Intent, amount: str) -> str:
    return (
        f"<p>Do you pay {amount}?</p>"
        f'<form method="post" action="{escape(intent.id)}">'
        f'<input type="hidden" name="challenge" value="{escape(intent.challenge)}">'
        '<button name="decision" value="approve">Approve</button>'
        '<button name="decision" value="refuse">Refuse</button></form>'
    )
