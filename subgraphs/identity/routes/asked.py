"""Telling whether a sign-in happened because a request asked for it, without keeping anything of the request.

A client may want people to sign in although they are (`prompt=login`, `max_age`). When they come back from the sign-in page, the
request is the same: what was asked then has to be known to have been done. So the request that goes to the page carries a
seal over itself and over the session that there was; it is answered by a session that has signed in since.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidTag

from common.sealing import Sealer
from subgraphs.identity.domain.sessions import Session

_FIELD = "hansa_asked"
_LONGEST = 200


class Asking:
    """Seals under identity's own key."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def ask(self, fields: Mapping[str, str], session: Session | None) -> dict[str, str]:
        """The request as it goes to the sign-in page."""
        signed_in_at = msgspec.json.encode(session.authenticated_at if session else None)
        sealed = self._sealer.seal(signed_in_at, _purpose(fields))
        return {**_plain(fields), _FIELD: base64.urlsafe_b64encode(sealed).decode()}

    def was_answered(self, fields: Mapping[str, str], session: Session | None) -> bool:
        """Whether somebody has signed in since this request was sent to the sign-in page."""
        if session is None or not 0 < len(fields.get(_FIELD, "")) <= _LONGEST:
            return False
        try:
            sealed = base64.urlsafe_b64decode(fields[_FIELD])
            then = msgspec.json.decode(self._sealer.open(sealed, _purpose(fields)), type=datetime | None)
        except (ValueError, binascii.Error, InvalidTag):
            return False
        return then is None or session.authenticated_at > then


def _plain(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name != _FIELD}


def _purpose(fields: Mapping[str, str]) -> str:
    """What binds the seal to one request."""
    encoded = msgspec.json.encode(_plain(fields), order="deterministic")
    return f"asked:{hashlib.sha256(encoded).hexdigest()}"
