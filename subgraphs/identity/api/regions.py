"""Regions and their signing keys in the graph, for admins."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Any

import strawberry
import strawberry.federation

from subgraphs.identity.access import ADMIN_SCOPE
from subgraphs.identity.api.context import Info
from subgraphs.identity.domain.keys import Algorithm, KeyState, PublishedKey
from subgraphs.identity.service import regions as service

FOR_ADMINS = [[ADMIN_SCOPE]]
strawberry.enum(Algorithm, name="SigningAlgorithm")
strawberry.enum(KeyState, name="SigningKeyState")


@strawberry.type(description="Where identity runs: people are at home in one region.")
class Region:
    name: str
    is_own: bool = strawberry.field(description="Whether it is the one that answers.")
    lag_ms: float | None = strawberry.field(
        description="For how long the one that answers has not heard of it; null before it has for the first time."
    )
    active_kid: str | None = strawberry.field(description="The id of the key that signs access tokens there.")

    @classmethod
    def of(cls, region: service.Region) -> "Region":
        return cls(
            name=region.name,
            is_own=region.is_own,
            lag_ms=region.lag_ms,
            active_kid=region.active_kid,
        )


@strawberry.type(
    description="A key of a region. PENDING and RETIRING keys verify, the ACTIVE one signs, too."
)
class SigningKey:
    kid: str
    algorithm: Algorithm
    state: KeyState
    active_from: datetime

    @classmethod
    def of(cls, key: PublishedKey) -> "SigningKey":
        return cls(kid=key.kid, algorithm=key.algorithm, state=key.state, active_from=key.active_from)


def _mutation(description: str) -> Any:
    return strawberry.federation.mutation(description=description, requires_scopes=FOR_ADMINS)


@strawberry.type
class RegionQueries:
    @strawberry.federation.field(description="All regions, this one first.", requires_scopes=FOR_ADMINS)
    async def regions(self, info: Info) -> list[Region]:
        info.context.require_admin()
        return [Region.of(region) for region in await info.context.services.regions.all()]


@strawberry.type
class RegionMutations:
    @_mutation(
        "Publish a key that signs in ten minutes, when every verifier knows it; all keys of the region, which is this one unless named."
    )
    async def rotate_signing_key(
        self, info: Info, algorithm: Algorithm = Algorithm.ES256, region: str | None = None
    ) -> list[SigningKey]:
        admin = info.context.require_admin()
        keys = await info.context.services.regions.rotate_key(algorithm, admin, region)
        return [SigningKey.of(key) for key in keys]

    @_mutation(
        "Take a key back that somebody else may have: everything that it signed is refused within two seconds. "
        "Whether its region had it."
    )
    async def withdraw_signing_key(self, info: Info, kid: str) -> bool:
        return await info.context.services.regions.withdraw_key(kid, info.context.require_admin())
