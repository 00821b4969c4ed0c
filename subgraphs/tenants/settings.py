"""What the control plane of tenants reads from the environment."""

from typing import Annotated, ClassVar

from msgspec import Meta

from common.settings import DatabaseUrl, NatsUrl, Secret, ServiceSettings, variable


class Settings(ServiceSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "tenants"

    database_url: DatabaseUrl
    nats_url: NatsUrl
    token: Annotated[
        Secret | None,
        variable(
            "HANSA_TENANTS_TOKEN", "a bearer token by which data planes and other services use the doors"
        ),
    ] = None
    domain: Annotated[
        str,
        Meta(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=180),
        variable("HANSA_TENANTS_DOMAIN", "where tenants' APIs are: those of the tenant NAME at NAME.DOMAIN"),
    ] = "tenants.localhost"
