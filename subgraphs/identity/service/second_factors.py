"""The seam between the password's page and the pages that ask for a second factor.

`SecondFactors` says which second factors a user has; `create_app` gives one to `Sessions`. A user who has none is signed in by
the password. For one who has, the sign-in page (`routes/sign_in.py`):

1. writes a row in `pending_sign_in` by `Sessions.begin`, which keeps whose sign-in it is and where it goes on,
2. gives the browser the row's token in the cookie `PENDING` (`routes/browser.py`), good for ten minutes,
3. sends it to `SECOND_FACTOR_PATH`.

A page there finishes the sign-in with three calls, and needs to know nothing of cookies, sessions or where it came from:

    pending = await browser.pending(request)             # None: too old, or finished; send them to /sign-in
    if await browser.may_attempt(request): ...           # before the code is looked at; five times at most
    return await browser.complete(request, "otp")        # after the right code; the answer sets the session's cookie

`amr` values are those of RFC 8176: "otp", "hwk" or "swk" for passkeys, "mfa" is added when there were two methods. A passkey
that verifies its user is no second factor but a whole sign-in: `browser.sign_in(request, user_id, ["hwk", "user"], continue_to)`.
"""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from common.database import Transaction

SECOND_FACTOR_PATH = "/sign-in/second-factor"


class SecondFactors(Protocol):
    """Which second factors users have."""

    async def of(self, transaction: Transaction, user_id: UUID) -> Collection[str]:
        """The methods that the user may choose from; empty when the password is enough."""
