"""Who may be given a cached answer: the part of an entry's key that stands for whoever asked.

An answer is for all whose requests to the subgraph have the same headers. Those that identify the caller do not count
where the answer says that it is public (RFC 9111, section 3.5). One that is private belongs to one user.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from gateway.server.config.headers import Headers
from gateway.server.headers import CLIENT_ADDRESS_HEADER, Pairs
from gateway.server.response_cache.cache_control import CacheControl, Visibility

CREDENTIALS = frozenset({"authorization", "cookie"})
UNCOUNTED = frozenset({"traceparent", "tracestate", CLIENT_ADDRESS_HEADER})
"""Headers that are different for each request; an answer that varies by one is not stored."""

_encode = msgspec.json.Encoder().encode


class Scopes(Struct, frozen=True):
    """The digests of one caller at one subgraph.

    `own` is of all headers, `public` of those that do not identify it, None where no header ever does; `private` is of the
    user, None where that is not known. `identifying` are the names of headers that tell callers apart, and `is_identified`
    says whether one of them is there.
    """

    own: bytes
    public: bytes | None
    private: bytes | None
    identifying: frozenset[str]
    is_identified: bool

    @property
    def readable(self) -> tuple[bytes, ...]:
        """Whose answers the caller may be given."""
        return tuple(each for each in (self.own, self.public, self.private) if each is not None)

    def of_answer(self, told: CacheControl) -> bytes | None:
        """Where an answer belongs; None where it may not be kept."""
        if told.seconds <= 0 or not told.vary.isdisjoint(UNCOUNTED):
            return None
        if told.visibility == "private":
            return self.private if told.vary.isdisjoint(CREDENTIALS) else None
        if told.visibility == "public" and told.vary.isdisjoint(self.identifying):
            return self.public or self.own
        return self.own

    def visibility(self, place: int) -> Visibility:
        """Of an answer that was found at that place of the `readable`."""
        scope = self.readable[place]
        if scope == self.public:
            return "public"
        return "private" if scope == self.private or self.is_identified else ""


class CallerScopes:
    """Tells callers of one subgraph apart; `private_id` names the claim that is a user's id."""

    def __init__(self, headers: Headers, subgraph: str, private_id: str | None) -> None:
        own = headers.subgraphs.get(subgraph)
        rules = (*headers.all.request, *(own.request if own else ()))
        claims = {rule.insert.name.lower() for rule in rules if rule.insert and rule.insert.is_claim}
        self._has_rules = bool(rules)
        self._identifying = CREDENTIALS | claims
        self._private_id = private_id

    def of(self, headers: Pairs, claims: Mapping[str, Any] | None) -> Scopes:
        """Those of a caller whose requests to the subgraph have `headers`."""
        counted = sorted((pair for pair in headers if pair[0] not in UNCOUNTED), key=_name)
        impersonal = [pair for pair in counted if pair[0] not in self._identifying]
        user = self._user(claims)
        without_credentials = [pair for pair in counted if pair[0] not in CREDENTIALS]
        return Scopes(
            own=_digest("own", counted),
            public=_digest("public", impersonal) if self._has_rules else None,
            private=None if user is None else _digest("private", without_credentials, user),
            identifying=self._identifying,
            is_identified=len(impersonal) < len(counted),
        )

    def _user(self, claims: Mapping[str, Any] | None) -> tuple[Any, ...] | None:
        """A user's id means something only beside who has given it, and as what."""
        if claims is None or self._private_id is None:
            return None
        id_ = claims.get(self._private_id)
        known = isinstance(id_, str | int) and id_ != ""
        return (claims.get("iss"), self._private_id, id_) if known else None


def _name(pair: tuple[str, str]) -> str:
    return pair[0]


def _digest(kind: str, headers: Iterable[tuple[str, str]], user: tuple[Any, ...] | None = None) -> bytes:
    return blake2b(_encode((kind, list(headers), user)), digest_size=16).digest()
