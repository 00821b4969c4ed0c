"""Who may ask for tokens: clients, what each may ask for, and the only places that it may send people back to."""

import re
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct

from common.inputs import InvalidInputError

STANDARD_SCOPES = ("openid", "profile", "email", "offline_access")
MAX_URIS = 20
MAX_SCOPES = 50
_MAX_URI = 500
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,100}")  # RFC 6749 section 3.3
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class GrantType(StrEnum):
    """What a client may exchange for tokens."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - its name in RFC 6749
    CLIENT_CREDENTIALS = "client_credentials"
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - its name in RFC 8693


class Client(Struct, frozen=True, kw_only=True):
    """A registered client. Without a secret it is public: an app that could keep none (RFC 6749 section 2.1).

    `secret_hash` is of the secret, `old_secret_hash` of the one before it for as long as that counts. `region` is where it was
    registered, and alone is changed. The platform's own clients (`is_first_party`) need no consent and are in all regions.
    """

    id: str
    name: str
    secret_hash: bytes | None = None
    old_secret_hash: bytes | None = None
    redirect_uris: list[str] = []
    post_logout_redirect_uris: list[str] = []
    grant_types: list[str]
    scopes: list[str]
    region: str | None = None
    require_pushed_authorization_requests: bool = False
    backchannel_logout_uri: str | None = None
    is_first_party: bool = False

    @property
    def is_public(self) -> bool:
        return self.secret_hash is None

    def may(self, grant_type: GrantType) -> bool:
        return grant_type.value in self.grant_types

    def allowed(self, scopes: Collection[str]) -> list[str]:
        """Those of `scopes` that the client may have, in a fixed order; others are ignored (RFC 6749 section 3.3)."""
        return sorted(set(scopes) & set(self.scopes))


class Registration(Struct, frozen=True, kw_only=True):
    """A client as its region tells others of it, after the `seq`th change of a client there.

    What it was given until `ended_at` counts no longer. Of one that was removed nothing but the id means anything.
    """

    client: Client
    seq: int
    created_at: datetime
    old_secret_until: datetime | None
    ended_at: datetime | None
    removed_at: datetime | None


class ClientPage(Struct, frozen=True):
    """The registrations of one region behind a position up to another, of which there may be more up to `newest`."""

    position: int
    newest: int
    registrations: tuple[Registration, ...]


class RotateClientSecret(Struct, frozen=True, tag=True):
    """Give the client `id`, which was registered where this is asked, another secret, for an admin of the region `asker`."""

    id: str
    end_old: bool
    asker: str


class RemoveClient(Struct, frozen=True, tag=True):
    """Remove the client `id`, which was registered where this is asked, for an admin of the region `asker`."""

    id: str
    asker: str


class ClientChanged(Struct, frozen=True):
    """Whether there was such a client, and its new secret if it was given one."""

    is_changed: bool
    secret: str | None = None


AboutClient = RotateClientSecret | RemoveClient


def check_client(client: Client) -> Client:
    """The client, or InvalidInputError for the first member that breaks a rule."""
    if not 1 <= len(client.name) <= 100 or not client.name.isprintable():
        raise InvalidInputError("name", "must be 1 to 100 printable characters")
    known = {grant_type.value for grant_type in GrantType}
    if not client.grant_types or not known.issuperset(client.grant_types):
        raise InvalidInputError("grantTypes", f"must be some of {', '.join(sorted(known))}")
    for grant_type in (GrantType.CLIENT_CREDENTIALS, GrantType.TOKEN_EXCHANGE):
        if client.is_public and client.may(grant_type):
            raise InvalidInputError("grantTypes", f"{grant_type} is for clients that have a secret")
    if client.may(GrantType.AUTHORIZATION_CODE) and not client.redirect_uris:
        raise InvalidInputError("redirectUris", "must name one, as the client may use authorization_code")
    for field, uris in (
        ("redirectUris", client.redirect_uris),
        ("postLogoutRedirectUris", client.post_logout_redirect_uris),
    ):
        _check_uris(field, uris)
    if client.backchannel_logout_uri is not None:
        _check_uris("backchannelLogoutUri", [client.backchannel_logout_uri])
        if not client.backchannel_logout_uri.startswith(("https:", "http:")):
            raise InvalidInputError("backchannelLogoutUri", "must be https, or http on this machine")
    if not 1 <= len(client.scopes) <= MAX_SCOPES or not all(map(_SCOPE.fullmatch, client.scopes)):
        raise InvalidInputError("scopes", f"must be 1 to {MAX_SCOPES} of RFC 6749 section 3.3")
    return client


def _check_uris(field: str, uris: Collection[str]) -> None:
    if len(uris) > MAX_URIS:
        raise InvalidInputError(field, f"may be {MAX_URIS} at most")
    for uri in uris:
        if not is_redirect_uri(uri):
            raise InvalidInputError(
                field, "must be https, http on this machine or an app's own scheme, without fragment"
            )


def is_redirect_uri(uri: str) -> bool:
    """Whether people may be sent to it (RFC 9700 section 2.1, RFC 8252 section 7.1): no user, no fragment, no plain http but to oneself."""
    if len(uri) > _MAX_URI or not uri.isascii() or not uri.isprintable() or set(uri) & set(' "<>\\^`{|}#'):
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if "@" in parts.netloc:
        return False
    match parts.scheme:
        case "https":
            return bool(host)
        case "http":
            return host in _LOOPBACK
        case scheme:  # an app's own is a domain name backwards
            return "." in scheme
