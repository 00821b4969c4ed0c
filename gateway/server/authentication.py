"""Who calls: one check of the token a request, against every configured key set."""

import logging
from collections.abc import Callable, Sequence

from common.auth import (
    Caller,
    InvalidToken,
    KeySet,
    KeysUnavailable,
    Reason,
    Revocations,
    RevocationsStale,
    StalePolicy,
    TokenVerifier,
)
from common.errors import DomainError
from common.http import Transport
from gateway.server.access.tokens import TokenFinder
from gateway.server.config.access import Header, Jwt, KeySource
from gateway.server.errors import RequestError, error_body
from gateway.server.http.request import HttpRequest

_log = logging.getLogger("hansa.router")
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
            Reason.REVOKED,
        )
    )
}


class Authenticator:
    """Accepts a token that any of `verifiers` accepts, and requests without a token, which are anonymous."""

    def __init__(
        self,
        config: Jwt,
        verifiers: Sequence[TokenVerifier],
        key_sets: Sequence[KeySet],
        revocations: Sequence[Revocations | None],
    ) -> None:
        self._tokens = TokenFinder(config)
        self._continues = config.on_error == "Continue"
        self._verifiers = verifiers
        self.sources = tuple(zip(config.jwks, key_sets, revocations, strict=True))

    @classmethod
    def from_config(cls, jwt: Jwt, open_transport: Callable[[str], Transport]) -> "Authenticator":
        """Key sets are fetched over what `open_transport` gives for their URL, when the first token comes."""
        key_sets = [_key_set(source, open_transport(source.url)) for source in jwt.jwks]
        revocations = [_revocations(source, open_transport) for source in jwt.jwks]
        verifiers = [
            TokenVerifier(keys, source.issuers, source.audiences, source.algorithms, revocations=revoked)
            for source, keys, revoked in zip(jwt.jwks, key_sets, revocations, strict=True)
        ]
        return cls(jwt, verifiers, key_sets, revocations)

    def take_over(self, predecessor: "Authenticator") -> None:
        """Begins with what the predecessor knows of the same sources, so that nobody waits for an issuer that is known."""
        known_keys = {_place(source): keys for source, keys, _ in predecessor.sources}
        known_feeds = {
            source.revocations.url: each for source, _, each in predecessor.sources if source.revocations
        }
        for source, keys, revocations in self.sources:
            if _place(source) in known_keys:
                keys.take_over(known_keys[_place(source)])
            known = known_feeds.get(source.revocations.url) if source.revocations else None
            if revocations is not None and known is not None:
                revocations.take_over(known)

    async def authenticate(self, request: HttpRequest) -> Caller | None:
        """The caller of a request; None without a token.

        Raises RequestError: of all verifiers' reasons the one that was found last in the checks' order, or 503 where
        the issuer's keys were never reached.
        """
        try:
            token = self._tokens.find(request)
            return None if token is None else await self._verify(token)
        except DomainError as error:
            if self._continues:
                _log.warning("A token does not count: %s", error.message)
                return None
            raise _refusal(error) from None

    async def _verify(self, token: str) -> Caller:
        for verifier in self._verifiers:
            known = verifier.recall(token)
            if known is not None:
                return known
        failures: list[InvalidToken] = []
        unavailable: KeysUnavailable | RevocationsStale | None = None
        for verifier in self._verifiers:
            try:
                return await verifier.verify(token)
            except InvalidToken as error:
                failures.append(error)
            except (KeysUnavailable, RevocationsStale) as error:
                unavailable = error
        raise unavailable or max(failures, key=lambda error: _PROGRESS[error.reason])

    async def close(self) -> None:
        for _, keys, revocations in self.sources:
            await keys.close()
            if revocations is not None:
                await revocations.aclose()


def _place(source: KeySource) -> tuple[str, tuple[Header, ...]]:
    return source.url, source.headers


def _key_set(source: KeySource, transport: Transport) -> KeySet:
    headers = tuple((header.name, header.value) for header in source.headers)
    return KeySet(transport, poll_interval=source.poll_interval, headers=headers)


def _revocations(source: KeySource, open_transport: Callable[[str], Transport]) -> Revocations | None:
    config = source.revocations
    if config is None:
        return None
    policy = StalePolicy(config.stale_ok, config.then, config.scopes)
    return Revocations(open_transport(config.url), policy)


def _refusal(error: DomainError) -> RequestError:
    body = error_body(error.message, error.code, **error.extensions)
    headers = error.headers() if isinstance(error, InvalidToken) else ()
    challenge = tuple(pair for pair in headers if pair[0] != "content-type")
    return RequestError(error.status, [body], headers=challenge)
