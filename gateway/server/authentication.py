"""Who calls: one check of the bearer token a request, against every configured key set."""

from collections.abc import Callable, Sequence

from common.auth import Caller, InvalidToken, KeySet, Reason, TokenVerifier
from common.errors import DomainError
from common.http import Transport
from gateway.server.config.schema import Jwt
from gateway.server.errors import RequestError, error_body

_PROGRESS = {
    reason: index
    for index, reason in enumerate(
        (
            Reason.MALFORMED,
            Reason.WRONG_TYPE,
            Reason.WRONG_ALGORITHM,
            Reason.UNKNOWN_KEY,
            Reason.BAD_SIGNATURE,
            Reason.WRONG_ISSUER,
            Reason.WRONG_AUDIENCE,
            Reason.EXPIRED,
        )
    )
}


class Authenticator:
    """Accepts a token that any of `verifiers` accepts, and requests without a token, which are anonymous."""

    def __init__(self, verifiers: Sequence[TokenVerifier], key_sets: Sequence[KeySet] = ()) -> None:
        self._verifiers = verifiers
        self._key_sets = key_sets

    @classmethod
    def from_config(cls, jwt: Jwt, open_transport: Callable[[str], Transport]) -> "Authenticator":
        """Key sets are fetched over what `open_transport` gives for their URL, when the first token comes."""
        return cls(*_open(jwt, open_transport))

    async def authenticate(self, authorization: Sequence[str]) -> Caller | None:
        """The caller of a request's `Authorization` headers; None without one.

        Raises RequestError: of all verifiers' reasons the one that was found last in the checks' order, or 503 where
        the issuer's keys were never reached.
        """
        if not authorization:
            return None
        try:
            return await self._verify(authorization)
        except DomainError as error:
            raise _refusal(error) from None

    async def _verify(self, authorization: Sequence[str]) -> Caller | None:
        if len(authorization) > 1:
            raise InvalidToken(Reason.MALFORMED)
        failures = []
        for verifier in self._verifiers:
            try:
                return await verifier.authenticate(authorization[0])
            except InvalidToken as error:
                failures.append(error)
        raise max(failures, key=lambda error: _PROGRESS[error.reason])

    async def close(self) -> None:
        for keys in self._key_sets:
            await keys.close()


def _open(jwt: Jwt, open_transport: Callable[[str], Transport]) -> tuple[list[TokenVerifier], list[KeySet]]:
    verifiers, key_sets = [], []
    for source in jwt.jwks:
        keys = KeySet(open_transport(source.url))
        key_sets.append(keys)
        verifiers += [
            TokenVerifier(keys, issuer, audience, source.algorithms)
            for issuer in source.issuers
            for audience in source.audiences
        ]
    return verifiers, key_sets


def _refusal(error: DomainError) -> RequestError:
    body = error_body(error.message, error.code, **error.extensions)
    headers = error.headers() if isinstance(error, InvalidToken) else ()
    challenge = tuple(pair for pair in headers if pair[0] != "content-type")
    return RequestError(error.status, [body], headers=challenge)
