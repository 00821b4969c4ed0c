"""The keys of GraphQL over HTTP: who may ask from where, and for how much at once."""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway.server.config.cache import PositiveInt
from gateway.server.config.duration import Duration

Token = Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
"""The name of a header or a method (RFC 9110, section 5.6.2)."""


class Csrf(Struct, frozen=True):
    """Prevention of cross-site request forgery; any one of `required_headers` shows that no page sent a simple request."""

    unsafe_disabled: bool = False
    required_headers: tuple[Token, ...] = ("x-apollo-operation-name", "apollo-require-preflight")


class CorsPolicy(Struct, frozen=True):
    """What pages of some origins may do; what is not told is as `cors` has it for all.

    `match_origins` are regular expressions that are searched for in an origin: `^` and `$` are theirs to set.
    """

    origins: tuple[str, ...] = ()
    match_origins: tuple[str, ...] = ()
    allow_credentials: bool | None = None
    allow_headers: tuple[Token, ...] | None = None
    expose_headers: tuple[Token, ...] | None = None
    methods: tuple[Token, ...] | None = None
    max_age: Duration | None = None


class Cors(Struct, frozen=True):
    """Which other sites' pages may read answers; without `policies` and `allow_any_origin` none.

    No `allow_headers` means whichever a page asks for.
    """

    allow_any_origin: bool = False
    allow_credentials: bool = False
    allow_headers: tuple[Token, ...] = ()
    expose_headers: tuple[Token, ...] = ()
    methods: tuple[Token, ...] = ("GET", "POST", "OPTIONS")
    max_age: Duration | None = None
    policies: tuple[CorsPolicy, ...] = ()

    def of(self, policy: CorsPolicy) -> CorsPolicy:
        """`policy` with what it does not tell itself."""
        untold = {name: getattr(self, name) for name in _SHARED if getattr(policy, name) is None}
        return replace(policy, **untold)


_SHARED = ("allow_credentials", "allow_headers", "expose_headers", "methods", "max_age")


class Batching(Struct, frozen=True):
    """Several operations in one request, as Apollo Client's `BatchHttpLink` sends them: a JSON array."""

    enabled: bool = False
    mode: Literal["batch_http_link"] = "batch_http_link"
    maximum_size: PositiveInt = 100
