"""A browser that asks: its session, its pending sign-in, and the answers that set their cookies."""

from collections.abc import Collection
from uuid import UUID

from litestar.datastructures import Cookie

from common.app.request import CLIENT_ADDRESS_HEADER
from subgraphs.identity.domain.sessions import (
    PENDING_LIFETIME,
    SESSION_LIFETIME,
    PendingSignIn,
    SecondFactorNeeded,
    Session,
    SignedIn,
    Visitor,
    shown_user_agent,
)
from subgraphs.identity.routes.forms import SESSION, Asked, cookie
from subgraphs.identity.routes.pages import Page, redirect
from subgraphs.identity.service.second_factors import SECOND_FACTOR_PATH
from subgraphs.identity.service.sessions import Sessions
from subgraphs.identity.site import Site

PENDING = "pending"


class Browser:
    """What the browsers of a site have in their cookies, and what follows from it."""

    def __init__(self, site: Site, sessions: Sessions) -> None:
        self._site = site
        self._sessions = sessions

    async def session(self, request: Asked) -> Session | None:
        """The session of the browser, None when nobody is signed in there."""
        return await self._sessions.find(self._cookie(request, SESSION))

    async def begin(self, request: Asked, user_id: UUID, amr: Collection[str], continue_to: str) -> Page:
        """The answer to a right password: signed in, or on to the page of the second factor."""
        begun = await self._sessions.begin(user_id, amr, continue_to, self._visitor(request))
        if isinstance(begun, SecondFactorNeeded):
            lifetime = int(PENDING_LIFETIME.total_seconds())
            kept = cookie(self._site, PENDING, begun.token, lifetime)
            return redirect(self._site.url(SECOND_FACTOR_PATH), [kept])
        return self._signed_in(begun)

    async def sign_in(self, request: Asked, user_id: UUID, amr: Collection[str], continue_to: str) -> Page:
        """The answer to a sign-in that needs no second factor."""
        visitor = self._visitor(request)
        return self._signed_in(await self._sessions.sign_in(user_id, amr, continue_to, visitor))

    async def pending(self, request: Asked) -> PendingSignIn | None:
        """The sign-in that waits for its second factor, if the browser has one."""
        return await self._sessions.pending(self._cookie(request, PENDING))

    async def may_attempt(self, request: Asked) -> bool:
        """Counts an attempt at the second factor; False when there are no more."""
        return await self._sessions.may_attempt(self._cookie(request, PENDING))

    async def complete(self, request: Asked, method: str) -> Page:
        """The answer to the right second factor: signed in, or back to the beginning when that took too long."""
        visitor = self._visitor(request)
        done = await self._sessions.complete(self._cookie(request, PENDING), method, visitor)
        return self._signed_in(done) if done else redirect(self._site.url("/sign-in"))

    async def sign_out(self, request: Asked, continue_to: str | None = None) -> Page:
        """Ends the browser's session, if it has one, and goes on to a URL, else to the sign-in page."""
        session = await self.session(request)
        if session is not None:
            await self._sessions.end(session)
        return redirect(continue_to or self._site.url("/sign-in"), [self._without(SESSION)])

    def _signed_in(self, signed_in: SignedIn) -> Page:
        lifetime = int(SESSION_LIFETIME.total_seconds())
        kept = cookie(self._site, SESSION, signed_in.token, lifetime)
        return redirect(self._site.url(signed_in.continue_to), [kept, self._without(PENDING)])

    def _cookie(self, request: Asked, name: str) -> str | None:
        return request.cookies.get(self._site.cookie(name))

    def _without(self, name: str) -> Cookie:
        return cookie(self._site, name, "", 0)

    def _visitor(self, request: Asked) -> Visitor:
        user_agent = shown_user_agent(request.headers.get("user-agent"))
        return Visitor(self._cookie(request, SESSION), user_agent)


def client_address(request: Asked) -> str | None:
    """The client's address as the router tells it."""
    return request.headers.get(CLIENT_ADDRESS_HEADER.decode())
