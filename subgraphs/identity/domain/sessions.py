"""What it is to be signed in: a browser's session, and a sign-in on its way there."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

SESSION_LIFETIME = timedelta(days=30)
SESSION_IDLE = timedelta(days=7)
SEEN_PRECISION = timedelta(minutes=5)
"""`last_seen_at` is written no more often, so that a request of a signed-in browser seldom writes."""
PENDING_LIFETIME = timedelta(minutes=10)
PENDING_ATTEMPTS = 5
_USER_AGENT_LENGTH = 200


class Session(Struct, frozen=True):
    """A browser that is signed in. `id` is the `sid` of what it gives tokens for; `amr` are the methods of RFC 8176.

    `age` is how long ago the user signed in, by the database's clock.
    """

    id: UUID
    user_id: UUID
    amr: list[str]
    user_agent: str
    created_at: datetime
    authenticated_at: datetime
    age: timedelta
    last_seen_at: datetime
    expires_at: datetime


class Visitor(Struct, frozen=True):
    """A browser that asks: the token of the session that it has or had, and its name for itself."""

    token: str | None
    user_agent: str


class PendingSignIn(Struct, frozen=True):
    """Someone who gave the right password and still has to give a second factor; then they go on to `continue_to`."""

    user_id: UUID
    amr: list[str]
    continue_to: str


class SignedIn(Struct, frozen=True):
    """A session and the token that its browser keeps."""

    session: Session
    token: str
    continue_to: str


class SecondFactorNeeded(Struct, frozen=True):
    """The token of a pending sign-in, for its browser."""

    token: str


def shown_user_agent(text: str | None) -> str:
    """A browser's name for itself, as much as is kept of it."""
    return "".join(character for character in text or "" if character.isprintable())[:_USER_AGENT_LENGTH]
