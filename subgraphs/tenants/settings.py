"""What the control plane of tenants reads from the environment."""

from typing import Annotated, ClassVar

from msgspec import Meta

from common.settings import DataSettings, Secret, variable


class Settings(DataSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "tenants"

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
    inner_upstreams: Annotated[
        bool,
        variable(
            "HANSA_TENANTS_INNER_UPSTREAMS",
            "whether tenants may name upstreams at private addresses and Unix sockets: true or false",
        ),
    ] = False
    nameservers: Annotated[
        str,
        variable(
            "HANSA_TENANTS_NAMESERVERS",
            "who is asked whether customers' domains prove themselves, as ADDRESS or ADDRESS:PORT by commas; without it, the system's",
        ),
    ] = ""
    ratelimit_url: Annotated[
        str | None,
        variable(
            "HANSA_RATELIMIT_URL", "the rate limiter, into which plans' limits are written, if there is one"
        ),
    ] = None
    ratelimit_token: Annotated[
        Secret | None,
        variable("HANSA_RATELIMIT_TOKEN", "the bearer token by which it lets services declare limits"),
    ] = None
