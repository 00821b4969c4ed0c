"""What clients may be told of a user: the claims that scopes and requests ask for (OpenID Connect Core section 5)."""

from collections.abc import Collection
from uuid import UUID

from common.database import Database
from subgraphs.identity.domain.accounts import User
from subgraphs.identity.domain.authorization import CLAIMS_OF_SCOPES
from subgraphs.identity.domain.grants import Grant
from subgraphs.identity.store import accounts, grants


class Claims:
    """Reads claims from the accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def named(self, user_id: UUID, names: Collection[str]) -> dict[str, object]:
        """The claims of those names."""
        if not names:
            return {}
        async with self._database.transaction() as transaction:
            user = (await accounts.users_by_id(transaction, [user_id])).get(user_id)
        return _shown(user, names) if user else {}

    async def userinfo(self, family: UUID, scopes: Collection[str]) -> dict[str, object] | None:
        """What an access token of the family with those scopes shows; None when the family has ended."""
        async with self._database.transaction() as transaction:
            found = await grants.family(transaction, family)
            if found is None:
                return None
            user_id = found.grant.user_id
            user = (await accounts.users_by_id(transaction, [user_id])).get(user_id)
        return {"sub": str(user_id), **_shown(user, _asked(found.grant, scopes))} if user else None


def _asked(grant: Grant, scopes: Collection[str]) -> list[str]:
    of_scopes = [name for scope in scopes for name in CLAIMS_OF_SCOPES.get(scope, ())]
    return of_scopes + grant.userinfo_claims


def _shown(user: User, names: Collection[str]) -> dict[str, object]:
    every: dict[str, object] = {
        "name": user.name,
        "updated_at": int(user.created_at.timestamp()),
        "email": user.email,
        "email_verified": user.email_verified_at is not None,
    }
    return {name: every[name] for name in every if name in names}
