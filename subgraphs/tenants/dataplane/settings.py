"""What the data plane reads from the environment."""

from typing import Annotated, ClassVar

from msgspec import Meta

from common.settings import Secret, ServiceSettings, variable


class ProxySettings(ServiceSettings, frozen=True, kw_only=True):
    """It serves by keys, so that it knows no issuer."""

    service: ClassVar[str] = "proxy"

    control_url: Annotated[
        str, variable("HANSA_TENANTS_URL", "the control plane, as http://..., unix://... or app://NAME")
    ]
    control_token: Annotated[
        Secret | None,
        variable(
            "HANSA_TENANTS_TOKEN", "the bearer token by which it asks the control plane, unless as a client"
        ),
    ] = None
    token_url: Annotated[
        str, variable("HANSA_TOKEN_URL", "where the issuer gives it tokens of its own, as a client")
    ] = ""
    client_id: Annotated[str, variable("HANSA_PROXY_CLIENT_ID", "the client that it is there")] = (
        "hansa-proxy"
    )
    client_secret: Annotated[
        Secret | None,
        variable(
            "HANSA_PROXY_CLIENT_SECRET", "that client's secret; it asks the control plane as this client"
        ),
    ] = None
    limiter_url: Annotated[
        str, variable("HANSA_RATELIMIT_URL", "the rate limiter; without it, limits are as while it is down")
    ] = ""
    limiter_token: Annotated[
        Secret | None, variable("HANSA_RATELIMIT_TOKEN", "the bearer token by which it asks the rate limiter")
    ] = None
    trusted: Annotated[
        str,
        variable(
            "HANSA_PROXY_TRUSTED",
            "addresses and networks of proxies in front, whose X-Forwarded-For counts, by commas",
        ),
    ] = ""
    key_ttl: Annotated[
        float,
        Meta(ge=1, le=3600),
        variable(
            "HANSA_PROXY_KEY_TTL", "seconds after which a revoked key is refused at the latest, with no feed"
        ),
    ] = 60.0
    keep_keys: Annotated[
        bool,
        variable(
            "HANSA_PROXY_KEEP_KEYS",
            "whether what is known of keys, by their hashes, is kept on disk: true or false",
        ),
    ] = True
    kept_for: Annotated[
        float,
        Meta(ge=0, le=31_536_000),
        variable(
            "HANSA_PROXY_KEPT_FOR",
            "seconds after the control plane was last heard for which a start serves by what is on disk",
        ),
    ] = 604_800.0
    usage_interval: Annotated[
        float,
        Meta(ge=0.1, le=3600),
        variable("HANSA_PROXY_USAGE_INTERVAL", "seconds between two batches of usage"),
    ] = 5.0
    inner_upstreams: Annotated[
        bool,
        variable(
            "HANSA_TENANTS_INNER_UPSTREAMS",
            "whether upstreams may be at private addresses and Unix sockets: true or false",
        ),
    ] = False
    issuer: str = ""
    jwks_url: str = ""
