"""What identity's feed says, as it is sent: `GET /revocations?after=CURSOR&wait=SECONDS`.

A revocation is sent as its mark, a digest, so that the door may be as public as the keys are: who has the token finds its
marks, who has none learns nothing of anybody.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

_MARK_LENGTH = 18  # bytes: 24 characters


class Kind(StrEnum):
    """What a revocation names. An EPOCH ends what was issued until then, the others all that bears the name."""

    JTI = "JTI"
    SID = "SID"
    FAMILY = "FAMILY"
    SUBJECT_EPOCH = "SUBJECT_EPOCH"
    CLIENT_EPOCH = "CLIENT_EPOCH"
    KID = "KID"

    @property
    def is_epoch(self) -> bool:
        return self in (Kind.SUBJECT_EPOCH, Kind.CLIENT_EPOCH)


CLAIMS: Mapping[Kind, str] = {
    Kind.JTI: "jti",
    Kind.SID: "sid",
    Kind.FAMILY: "fam",
    Kind.SUBJECT_EPOCH: "sub",
    Kind.CLIENT_EPOCH: "client_id",
}
"""The claims of an access token by which it is revoked; `fam` is the family of the refresh token that it came with."""


def mark(kind: Kind, value: str) -> str:
    """The digest by which a verifier knows the revocation of `value`."""
    digest = hashlib.sha256(f"{kind}:{value}".encode()).digest()
    return urlsafe_b64encode(digest[:_MARK_LENGTH]).decode()


class Entry(Struct, frozen=True, array_like=True):
    """One revocation, the region's `seq`th. It ends tokens issued until `issued_until`, all without it, and may be forgotten after `until`.

    Both are seconds since 1970.
    """

    seq: int
    mark: str
    until: float
    issued_until: float | None


class RegionPage(Struct, frozen=True):
    """What is new of one region: the entries behind the cursor up to `position`, those left out that are over.

    `feed` changes when a region begins to count anew, `lag` is for how many seconds who answers has not heard of the region.
    """

    region: str
    feed: str
    position: int
    newest: int
    lag: float
    entries: tuple[Entry, ...]


class FeedPage(Struct, frozen=True):
    """An answer of the feed."""

    regions: tuple[RegionPage, ...]


class Cursor(Struct, frozen=True):
    """Up to where a reader knows a region's feed."""

    feed: str
    position: int

    @staticmethod
    def format(cursors: Mapping[str, "Cursor"]) -> str:
        """As the query parameter `after` has it: `REGION:POSITION:FEED`, with commas between."""
        return ",".join(f"{region}:{at.position}:{at.feed}" for region, at in cursors.items())

    @staticmethod
    def parse(text: str) -> Mapping[str, "Cursor"]:
        """Raises ValueError for what `format` does not write."""
        cursors = {}
        for part in text.split(",") if text else ():
            region, position, feed = part.split(":")
            cursors[region] = Cursor(feed, int(position))
        return cursors
