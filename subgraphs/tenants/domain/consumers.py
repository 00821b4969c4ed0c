"""Consumers: the people and programs that a tenant gives keys to, by the tenant's own names for them."""

import re
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.tenants.domain.tenants import check_name

MOST = 10_000
"""Of one tenant, without those that were removed."""
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Consumer(Struct, frozen=True, kw_only=True):
    """`external_id` never changes: by it usage is counted, limits are kept, and upstreams are told who asks."""

    tenant_id: UUID
    id: UUID
    external_id: str
    name: str
    created_at: datetime
    removed_at: datetime | None


class NewConsumer(Struct, frozen=True):
    """What a consumer is to be."""

    external_id: str
    name: str


def check_external_id(field: str, external_id: str) -> str:
    """Return `external_id`, or raise InvalidInputError unless it can be a consumer's."""
    if not _EXTERNAL_ID.fullmatch(external_id):
        raise InvalidInputError(
            field, "must be 1 to 64 letters, digits, and . _ @ -, with none of those first"
        )
    return external_id


def check_new_consumer(new: NewConsumer) -> NewConsumer:
    """Return `new`, or raise InvalidInputError for the first of its members that is wrong."""
    check_external_id("externalId", new.external_id)
    check_name("name", new.name)
    return new
