"""Subscriptions: what a tenant is served by and which keys it has, as they are and become. Each look asks whether the caller may still see it."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from subgraphs.tenants.api.configurations import ConfigVersion
from subgraphs.tenants.api.context import Info, parse_tenant_id
from subgraphs.tenants.api.keys import ApiKey
from subgraphs.tenants.service.configurations import TOPIC as CONFIGURATION
from subgraphs.tenants.store.keys import TOPIC as KEYS

FIRST = 20


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="The configuration by which a tenant is served, now and whenever it is another."
    )
    async def config_rollout(
        self, info: Info, tenant_id: strawberry.ID
    ) -> AsyncGenerator[ConfigVersion | None, None]:
        caller, id_ = info.context.require_caller(), parse_tenant_id(tenant_id)
        use, live = info.context.use.configurations, info.context.live
        changes = live.watch(CONFIGURATION, [str(id_)], lambda: use.current(caller, id_))
        async with aclosing(changes):
            async for version in changes:
                yield ConfigVersion.of(version) if version else None

    @strawberry.subscription(
        description="A tenant's newest keys, now and whenever one is made or ends by request."
    )
    async def keys_changed(self, info: Info, tenant_id: strawberry.ID) -> AsyncGenerator[list[ApiKey], None]:
        caller, id_ = info.context.require_caller(), parse_tenant_id(tenant_id)
        use, live = info.context.use.keys, info.context.live
        changes = live.watch(KEYS, [str(id_)], lambda: use.keys(caller, id_, FIRST, None))
        async with aclosing(changes):
            async for keys in changes:
                yield [ApiKey.of(key) for key in keys]
