"""Signing in from any region: who is at home in another one is asked for there, and nothing of it is kept here."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from common.database import Database
from common.errors import DomainError
from subgraphs.identity.domain.accounts import User, is_email, normalise_email
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.domain.directory import AboutPerson, Prove, SignIn
from subgraphs.identity.errors import (
    AtHomeElsewhereError,
    InvalidCodeError,
    InvalidCredentialsError,
    SecondFactorNeededError,
    TooManyAttemptsError,
)
from subgraphs.identity.service.accounts import Identity, Session
from subgraphs.identity.service.directory import Directory
from subgraphs.identity.service.neighbours import RefusedElsewhereError, RegionUnavailableError
from subgraphs.identity.store import accounts as store

T = TypeVar("T")


class SigningIn:
    """Signs people in here, or in their home; without a `directory` nobody is known to be at home elsewhere."""

    def __init__(self, database: Database, identity: Identity, directory: Directory | None) -> None:
        self._database = database
        self._identity = identity
        self._directory = directory

    async def sign_in(self, *, email: str, password: str, code: str | None, origin: Origin) -> Session:
        """As `Identity.sign_in`, and RegionUnavailableError where their home, or where it is, cannot be asked for."""
        home = await self._other_home(email)
        if home is None:
            return await self._identity.sign_in(email=email, password=password, code=code, origin=origin)
        question = SignIn(email, password, code, origin.client_address)
        return await self._ask(home, question, Session)

    async def authenticate(self, *, email: str, password: str, origin: Origin) -> User:
        """As `Identity.authenticate`, and AtHomeElsewhereError once the password was right there: a browser's session is its home's."""
        home = await self._other_home(email)
        if home is None:
            return await self._identity.authenticate(email=email, password=password, origin=origin)
        await self._ask(home, Prove(email, password, origin.client_address), dict[str, Any])
        raise AtHomeElsewhereError(home)

    async def answer(self, question: AboutPerson) -> object:
        """What another region is told of somebody who should be at home here; it is not looked for elsewhere again."""
        origin = Origin(None, question.client_address)
        if isinstance(question, SignIn):
            return await self._identity.sign_in(
                email=question.email, password=question.password, code=question.code, origin=origin
            )
        await self._identity.authenticate(email=question.email, password=question.password, origin=origin)
        return {}

    async def _other_home(self, email: str) -> str | None:
        """Which other region the address is at home in; None for one of nobody, which is refused here as ever."""
        email = normalise_email(email)
        if self._directory is None or not is_email(email):
            return None
        async with self._database.transaction() as transaction:
            if await store.user_by_email(transaction, email) is not None:
                return None
        home = await self._directory.home_of(email)
        return None if home == self._directory.own else home

    async def _ask(self, home: str, question: AboutPerson, answer: type[T]) -> T:
        assert self._directory is not None
        try:
            return await self._directory.neighbours.ask(home, question, answer)
        except RefusedElsewhereError as error:
            refusal = _REFUSALS.get(error.code)
            if refusal is None:
                raise RegionUnavailableError(home) from error
            raise refusal(error.problem) from None


_REFUSALS: Mapping[str, Callable[[Mapping[str, Any]], DomainError]] = {
    InvalidCredentialsError.code: lambda _: InvalidCredentialsError(),
    InvalidCodeError.code: lambda _: InvalidCodeError(),
    SecondFactorNeededError.code: lambda problem: SecondFactorNeededError(problem["methods"]),
    TooManyAttemptsError.code: lambda problem: TooManyAttemptsError(problem["retryAfter"]),
}
"""What a home refuses as this region would, by its code."""
