"""Security events: what happened to an account, who did it and from where. They hold no secret and no token."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from msgspec import Struct

KEPT = timedelta(days=365)  # the trigger on the table lets nobody delete sooner
LATE = timedelta(minutes=1)  # after its event a transaction has committed, or the server has ended it
TOPIC = "security-event"
"""What a new event changes (`common.live`): its account, by the user's id, and everyone's."""
EVERYONE = ""

_ID_TIME = 80  # bits below the milliseconds of an id


class EventKind(Enum):
    """What happened, in the past tense."""

    SIGNED_UP = "SIGNED_UP"
    SIGNED_IN = "SIGNED_IN"
    REAUTHENTICATED = "REAUTHENTICATED"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - an event
    RECOVERY_ASKED = "RECOVERY_ASKED"
    PASSWORD_RECOVERED = "PASSWORD_RECOVERED"  # noqa: S105 - an event
    EMAIL_VERIFIED = "EMAIL_VERIFIED"
    EMAIL_CHANGE_ASKED = "EMAIL_CHANGE_ASKED"
    EMAIL_CHANGED = "EMAIL_CHANGED"
    FACTOR_ADDED = "FACTOR_ADDED"
    FACTOR_REMOVED = "FACTOR_REMOVED"
    SECOND_FACTOR_USED = "SECOND_FACTOR_USED"
    PASSKEY_USED = "PASSKEY_USED"
    RECOVERY_CODE_USED = "RECOVERY_CODE_USED"
    RECOVERY_CODES_RENEWED = "RECOVERY_CODES_RENEWED"
    ROLE_GRANTED = "ROLE_GRANTED"
    ROLE_TAKEN = "ROLE_TAKEN"
    ROLE_PUT = "ROLE_PUT"
    ROLE_REMOVED = "ROLE_REMOVED"
    ATTRIBUTE_SET = "ATTRIBUTE_SET"
    SESSION_ENDED = "SESSION_ENDED"
    ALL_SESSIONS_ENDED = "ALL_SESSIONS_ENDED"
    CODE_REUSED = "CODE_REUSED"
    REFRESH_TOKEN_REUSED = "REFRESH_TOKEN_REUSED"  # noqa: S105 - what happened
    KEY_ROTATED = "KEY_ROTATED"
    KEY_WITHDRAWN = "KEY_WITHDRAWN"
    CLIENT_REGISTERED = "CLIENT_REGISTERED"
    CLIENT_SECRET_ROTATED = "CLIENT_SECRET_ROTATED"  # noqa: S105 - an event
    CLIENT_REMOVED = "CLIENT_REMOVED"


class Outcome(Enum):
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"


class Origin(Struct, frozen=True):
    """Who does something, None before anyone is signed in, and the client's address where the router told it."""

    actor_id: UUID | None = None
    client_address: str | None = None


class SecurityEvent(Struct, frozen=True):
    """`user_id` is whose account it is about; None when it is about none, or no account was found."""

    id: UUID
    at: datetime
    kind: EventKind
    outcome: Outcome
    user_id: UUID | None
    actor_id: UUID | None
    client_address: str | None
    details: Mapping[str, str]


class EventPage(Struct, frozen=True):
    """Newest first."""

    events: list[SecurityEvent]
    has_next: bool


class Place:
    """How far somebody has followed the events, whose ids (RFC 9562 section 5.7) are in the order of their times.

    Transactions commit in another order: behind `floor` there may come an event that is older than the newest one.
    """

    def __init__(self, start: UUID) -> None:
        """Behind the event `start`, which may be none."""
        self._start = self._newest = start
        self.told: set[UUID] = set()

    @property
    def floor(self) -> UUID:
        """No event up to this one is still to come."""
        late = int(LATE.total_seconds() * 1000) << _ID_TIME
        return max(self._start, UUID(int=max(0, self._newest.int - late)))

    def tell(self, ids: Iterable[UUID]) -> None:
        """These events are told now, and so not again."""
        self.told.update(ids)
        self._newest = max(self.told, default=self._newest)
        self.told = {id_ for id_ in self.told if id_ > self.floor}
