"""How often one may try a password: attempts in a window, per account and per client, counted in Valkey."""

import hashlib
from contextlib import suppress
from importlib.resources import files

from common.errors import OverloadedError
from common.valkey import FunctionLibrary, ReplyError, Valkey, ValkeyUnavailableError
from subgraphs.identity.errors import TooManyAttemptsError

ACCOUNT_ATTEMPTS = 10
CLIENT_ATTEMPTS = 100
WINDOW = 900  # seconds
TIMEOUT = 2.0
_SOURCE = files("subgraphs.identity").joinpath("throttle.lua").read_text()


class SignInThrottle:
    """Fails closed: without Valkey nobody signs in, and tokens that were issued keep working."""

    def __init__(self, valkey: Valkey, of: str = "sign-in") -> None:
        """Counts the attempts at one thing, named `of`, apart from those at others."""
        self._valkey = valkey
        self._of = of
        self._library = FunctionLibrary(valkey, "identity_attempts", _SOURCE)

    async def count(self, email: str, client_address: str | None) -> None:
        """Counts an attempt.

        Raises:
            TooManyAttemptsError: the account's or the client's attempts of this window are used up.
            OverloadedError: Valkey does not answer.
        """
        limits = {self._account(email): ACCOUNT_ATTEMPTS}
        if client_address:
            limits[self._key("client", client_address)] = CLIENT_ATTEMPTS
        payload = " ".join(map(str, (WINDOW, *limits.values()))).encode()
        try:
            wait = int(await self._library.call(list(limits), payload))
        except ValkeyUnavailableError as error:
            raise OverloadedError("Sign-in is not possible now; try again in a moment") from error
        if wait:
            raise TooManyAttemptsError(wait)

    async def forget(self, email: str) -> None:
        """Gives the account its attempts back, after a password that was right; without Valkey they come back by themselves."""
        with suppress(ValkeyUnavailableError, ReplyError):
            await self._valkey.ask("DEL", self._account(email))

    def _account(self, email: str) -> str:
        """The account's key, with a digest so that no address stands in Valkey."""
        return self._key("account", hashlib.sha256(email.encode()).hexdigest())

    def _key(self, kind: str, value: str) -> str:
        # In one slot of a cluster, since they are counted together.
        return f"{{identity:{self._of}}}:{kind}:{value}"
