"""What a client was given: codes, and families of refresh tokens of which only the newest counts.

A refresh token names its family and carries a secret with a tag that only identity can make. So a token that was used before
is told from one that was made up: the first means that somebody stole it, the second means nothing.
"""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from common.sealing import Sealer

CODE_LIFETIME = timedelta(seconds=60)
CODE_KNOWN = timedelta(minutes=15)
"""For as long as what a code gave may be accepted somewhere, it is noticed when it comes again."""
FAMILY_LIFETIME = timedelta(days=90)
FAMILY_IDLE = timedelta(days=30)
GRACE = timedelta(seconds=30)
"""How long after a rotation the token before it gives the same successor again: for who did not hear the answer."""
MAX_FAMILIES = 100
"""Of one user and client; the ones that were not used for longest make room."""

_HOME = "home"
_TOKEN = re.compile(r"rt1\.([a-z][a-z0-9-]{0,31})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{22})")
_TAG_LENGTH = 16
_SUCCESSOR = "successor"


class RefreshToken(Struct, frozen=True):
    """`rt1.HOME.FAMILY.SECRET.TAG`, read; the tag is not checked yet. Only its home can replace it by another."""

    text: str
    family: UUID
    secret: str
    tag: str
    home: str = _HOME

    @classmethod
    def parse(cls, text: str) -> "RefreshToken | None":
        """The token, None when it cannot be one."""
        found = _TOKEN.fullmatch(text)
        return cls(text, UUID(found[2]), found[3], found[4], found[1]) if found else None

    @classmethod
    def new(cls, family: UUID, key: bytes, home: str = _HOME) -> "RefreshToken":
        secret = secrets.token_urlsafe(32)
        tag = _tag(family, secret, key)
        return cls(f"rt1.{home}.{family.hex}.{secret}.{tag}", family, secret, tag, home)

    def is_ours(self, key: bytes) -> bool:
        """Whether identity made it, once."""
        return hmac.compare_digest(self.tag, _tag(self.family, self.secret, key))

    def seal(self, successor: "RefreshToken") -> bytes:
        """The successor, for who has this token and for nobody else: the key is made of its secret."""
        return self._sealer().seal(successor.text.encode(), _SUCCESSOR)

    def open(self, sealed: bytes) -> str:
        """The successor that was sealed by this token."""
        return self._sealer().open(sealed, _SUCCESSOR).decode()

    def _sealer(self) -> Sealer:
        return Sealer(hmac.digest(self.secret.encode(), _SUCCESSOR.encode(), hashlib.sha256))


class Grant(Struct, frozen=True, kw_only=True):
    """What somebody allowed a client, and how they had signed in for it. Without a session it outlives all of them."""

    client_id: str
    user_id: UUID
    session_id: UUID | None
    scopes: list[str]
    userinfo_claims: list[str]
    authenticated_at: datetime
    amr: list[str]


class Code(Struct, frozen=True, kw_only=True):
    """A grant on its way to the client, bound to its redirect URI and to who can answer the challenge."""

    grant: Grant
    session_id: UUID
    redirect_uri: str
    code_challenge: str
    nonce: str | None
    id_token_claims: list[str]


def answers_challenge(verifier: str, challenge: str) -> bool:
    """Whether `verifier` is what `challenge` was made of (RFC 7636 section 4.6)."""
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode())


def _tag(family: UUID, secret: str, key: bytes) -> str:
    mac = hmac.digest(key, family.bytes + secret.encode(), hashlib.sha256)[:_TAG_LENGTH]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
