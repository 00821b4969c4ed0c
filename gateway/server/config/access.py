"""The configuration of who is let in, and of what callers may see."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from common.algorithms import SignatureAlgorithm
from gateway.server.config.duration import Duration


class Header(Struct, frozen=True):
    """A header with its value."""

    name: str
    value: str


class RevocationFeed(Struct, frozen=True):
    """Where the issuer tells of tokens that it has revoked (Hansa's own), by `common.auth.revocation`.

    Without news for `stale_ok` its tokens are refused, or accepted where `then` says so; `scopes` have times of their own.
    """

    url: str
    stale_ok: Duration = Duration(600)
    then: Literal["refuse", "accept"] = "refuse"
    scopes: dict[str, Duration] = {}


class KeySource(Struct, frozen=True):
    """One JSON Web Key Set and the tokens that it vouches for. `url` may be `app://NAME/path`.

    Without `issuers` or `audiences` the token's own are not looked at.
    """

    url: str
    issuers: tuple[str, ...] | None = None
    audiences: tuple[str, ...] | None = None
    algorithms: tuple[SignatureAlgorithm, ...] = ("ES256",)
    poll_interval: Duration | None = None
    headers: tuple[Header, ...] = ()
    revocations: RevocationFeed | None = None


class TokenSource(Struct, frozen=True):
    """Where else a token may stand. The prefix of a header is `Bearer` unless it is told, a cookie has none."""

    type: Literal["header", "cookie"]
    name: str
    value_prefix: str | None = None

    @property
    def prefix(self) -> str:
        default = "Bearer" if self.type == "header" else ""
        return default if self.value_prefix is None else self.value_prefix


class Jwt(Struct, frozen=True):
    """The key sets that access tokens are verified by, and where requests carry them.

    A header or cookie without the prefix is refused unless `ignore_other_prefixes`. With `on_error` of `Continue` a
    caller whose token does not count is anonymous.
    """

    jwks: Annotated[tuple[KeySource, ...], Meta(min_length=1)]
    header_name: str = "Authorization"
    header_value_prefix: str = "Bearer"
    sources: tuple[TokenSource, ...] = ()
    ignore_other_prefixes: bool = False
    on_error: Literal["Error", "Continue"] = "Error"


class RouterAuthentication(Struct, frozen=True):
    """How the router verifies its callers."""

    jwt: Jwt | None = None


class MessageSignature(Struct, frozen=True):
    """By which key requests to a subgraph are signed; the secret has 32 bytes or more."""

    key_id: str
    secret: str


class TokenExchange(Struct, frozen=True):
    """Where a caller's token is exchanged for one that a single subgraph accepts (Hansa's own; RFC 8693).

    The router proves who it is by its client's secret. A subgraph's name is its audience.
    """

    url: str
    client_secret: Annotated[str, Meta(min_length=1)]
    client_id: str = "hansa-router"


class SubgraphAuthentication(Struct, frozen=True):
    """How a subgraph knows that the router has sent a request."""

    message_signature: MessageSignature | None = None


class SubgraphsAuthentication(Struct, frozen=True):
    """For all subgraphs, and for each: what its own entry says beats what `all` says.

    With `token_exchange` none of them is sent the caller's own token.
    """

    all: SubgraphAuthentication = SubgraphAuthentication()
    subgraphs: dict[str, SubgraphAuthentication] = {}
    token_exchange: TokenExchange | None = None

    def signature_for(self, subgraph: str) -> MessageSignature | None:
        """What requests to `subgraph` are signed by."""
        own = self.subgraphs.get(subgraph, SubgraphAuthentication()).message_signature
        return own or self.all.message_signature


class Authentication(Struct, frozen=True):
    """Who is let in, and how subgraphs know the router; without `router.jwt` every caller is anonymous."""

    router: RouterAuthentication = RouterAuthentication()
    subgraph: SubgraphsAuthentication = SubgraphsAuthentication()


class AuthorizationErrors(Struct, frozen=True):
    """Who is told of unauthorized fields: the log, and the client by `errors`, by `extensions`, or not at all."""

    log: bool = True
    response: Literal["errors", "extensions", "disabled"] = "errors"


class Directives(Struct, frozen=True):
    """What `@authenticated`, `@requiresScopes` and `@policy` do; `dry_run` tells of fields and gives them all the same."""

    enabled: bool = True
    dry_run: bool = False
    reject_unauthorized: bool = False
    errors: AuthorizationErrors = AuthorizationErrors()


class Authorization(Struct, frozen=True):
    """What callers may see. `policies` is the dotted name of the function that decides about `@policy`."""

    require_authentication: bool = False
    policies: str | None = None
    directives: Directives = Directives()
