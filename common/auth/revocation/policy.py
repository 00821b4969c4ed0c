"""How long tokens are accepted by a verifier that hears nothing of revocations."""

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct

LIFETIME = 600.0  # seconds that an access token lives


class StalePolicy(Struct, frozen=True):
    """After `stale_ok` seconds without news of a token's region the token is refused, or accepted all the same.

    `scopes` have times of their own, after which they are refused: of a token's scopes the strictest counts. The default is an access token's
    lifetime, so that those which were issued before an outage go on to their expiry, and none that was issued in it counts
    for long.
    """

    stale_ok: float = LIFETIME
    then: Literal["refuse", "accept"] = "refuse"
    scopes: Mapping[str, float] = {}

    def limit(self, scopes: Collection[str]) -> float:
        """For how many seconds a token with these scopes is accepted without news."""
        otherwise = self.stale_ok if self.then == "refuse" else float("inf")
        return min((self.scopes[scope] for scope in scopes if scope in self.scopes), default=otherwise)
