"""What the rate limiter reads from the environment."""

from typing import Annotated, ClassVar

from msgspec import Meta

from common.settings import DataSettings, RedisUrl, Secret, variable


class Settings(DataSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "ratelimit"

    redis_url: RedisUrl
    token: Annotated[
        Secret | None,
        variable("HANSA_RATELIMIT_TOKEN", "a bearer token by which other services may use the doors"),
    ] = None
    grpc_listen: Annotated[
        str | None,
        variable(
            "HANSA_RATELIMIT_GRPC_LISTEN",
            "where Envoy's rate-limit protocol is spoken: HOST:PORT or unix:PATH",
        ),
    ] = None
    nodes: Annotated[
        int,
        Meta(ge=1),
        variable(
            "HANSA_RATELIMIT_NODES", "how many processes share a limit of fail mode LOCAL without Valkey"
        ),
    ] = 1
    timeout_ms: Annotated[
        int,
        Meta(ge=1, le=1_000),
        variable(
            "HANSA_RATELIMIT_TIMEOUT_MS",
            "how long Valkey has for an answer before the fail modes decide, in ms",
        ),
    ] = 20
