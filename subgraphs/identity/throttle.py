"""How often one may try a password: attempts in a window, per account and per client, counted in Valkey."""

import hashlib

from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.errors import OverloadedError
from subgraphs.identity.errors import TooManyAttemptsError

ACCOUNT_ATTEMPTS = 10
CLIENT_ATTEMPTS = 100
WINDOW = 900  # seconds

# Counts before the password is looked at, so that attempts at the same time cannot pass together.
_COUNT = """
local wait = 0
for i, key in ipairs(KEYS) do
  local attempts = redis.call('INCR', key)
  if attempts == 1 then redis.call('EXPIRE', key, ARGV[#ARGV]) end
  if attempts > tonumber(ARGV[i]) then wait = math.max(wait, redis.call('TTL', key)) end
end
return wait
"""


class SignInThrottle:
    """Fails closed: without Valkey nobody signs in, and tokens that were issued keep working."""

    def __init__(self, redis: Redis, of: str = "sign-in") -> None:
        """Counts the attempts at one thing, named `of`, apart from those at others."""
        self._redis = redis
        self._of = of
        self._count = redis.register_script(_COUNT)

    async def count(self, email: str, client_address: str | None) -> None:
        """Counts an attempt.

        Raises:
            TooManyAttemptsError: the account's or the client's attempts of this window are used up.
            OverloadedError: Valkey does not answer.
        """
        limits = {self._account(email): ACCOUNT_ATTEMPTS}
        if client_address:
            limits[f"identity:{self._of}:client:{client_address}"] = CLIENT_ATTEMPTS
        try:
            wait = int(await self._count(keys=list(limits), args=[*limits.values(), WINDOW]))
        except RedisError as error:
            raise OverloadedError("Sign-in is not possible now; try again in a moment") from error
        if wait:
            raise TooManyAttemptsError(wait)

    async def forget(self, email: str) -> None:
        """Gives the account its attempts back, after a password that was right."""
        await self._redis.delete(self._account(email))

    def _account(self, email: str) -> str:
        """The account's key, with a digest so that no address stands in Valkey."""
        return f"identity:{self._of}:account:{hashlib.sha256(email.encode()).hexdigest()}"
