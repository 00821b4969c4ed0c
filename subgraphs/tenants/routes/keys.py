"""`POST /v1/keys:verify`: whether a key counts, and for what."""

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

from common.app import Doorkeeper, EdgeAnswer, EdgeRoute
from subgraphs.tenants.domain.keys import hash_of
from subgraphs.tenants.service.directory import KeyDirectory
from subgraphs.tenants.service.feed import Feed

MAX_KEY = 256


class Code(StrEnum):
    """Why a key counts or not. A revoked key, and one of a suspended tenant, is not found."""

    VALID = "VALID"
    NOT_FOUND = "NOT_FOUND"
    EXPIRED = "EXPIRED"
    INSUFFICIENT_SCOPES = "INSUFFICIENT_SCOPES"


class Verify(Struct, frozen=True):
    """All of `scopes` must be the key's."""

    key: Annotated[str, Meta(max_length=MAX_KEY)]
    scopes: Annotated[list[str], Meta(max_length=50)] = []


class Verification(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What the key is for is told where it is found; `expiresAt` is in seconds since 1970."""

    valid: bool
    code: Code
    key_id: str | None = None
    tenant: str | None = None
    consumer: str | None = None
    plan: str | None = None
    scopes: list[str] | None = None
    expires_at: float | None = None


def routes(directory: KeyDirectory, feed: Feed, doorkeeper: Doorkeeper) -> list[EdgeRoute[Any]]:
    """The door over `directory`."""

    async def verify(asked: Verify) -> EdgeAnswer:
        return EdgeAnswer.of(await _verify(asked, directory, feed))

    summary = "Whether a key counts"
    return [
        EdgeRoute(
            "/v1/keys:verify", Verify, {200: Verification}, verify, admit=doorkeeper.admit, summary=summary
        )
    ]


async def _verify(asked: Verify, directory: KeyDirectory, feed: Feed) -> Verification:
    key_hash = hash_of(asked.key)
    facts = await directory.find(key_hash) if key_hash else None
    if facts is None:
        return Verification(valid=False, code=Code.NOT_FOUND)
    code = Code.VALID
    if facts.expires_at is not None and facts.expires_at <= feed.now():
        code = Code.EXPIRED
    elif not facts.scopes.issuperset(asked.scopes):
        code = Code.INSUFFICIENT_SCOPES
    return Verification(
        valid=code is Code.VALID,
        code=code,
        key_id=facts.id,
        tenant=facts.tenant,
        consumer=facts.consumer,
        plan=facts.plan,
        scopes=sorted(facts.scopes),
        expires_at=facts.expires_at,
    )
