"""An authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1): what it must be, and what it asks."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from subgraphs.identity.domain.clients import Client, GrantType
from subgraphs.identity.oauth_errors import (
    OAuthError,
    UnknownClientError,
    UnsafeRequestError,
    invalid_request,
)

MAX_REQUEST = 8192  # characters
_MAX_VALUE = 2048
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # the SHA-256 of RFC 7636 section 4.2
CLAIMS_OF_SCOPES: Mapping[str, tuple[str, ...]] = {
    "profile": ("name", "updated_at"),
    "email": ("email", "email_verified"),
}
"""Which claims a scope asks for (OpenID Connect Core section 5.4), of those that identity has."""
CLAIMS = frozenset(name for names in CLAIMS_OF_SCOPES.values() for name in names)


class Prompt(StrEnum):
    """What the client wants people to be asked."""

    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"


class AuthorizationRequest(Struct, frozen=True, kw_only=True):
    """A request that is right: its `redirect_uri` is the client's, and who comes back there with the code can prove it."""

    client: Client
    redirect_uri: str
    scopes: list[str]
    code_challenge: str
    state: str | None
    nonce: str | None
    prompts: frozenset[Prompt]
    max_age: int | None
    login_hint: str
    id_token_hint: str | None
    id_token_claims: list[str]
    userinfo_claims: list[str]


class Refusal(Exception):  # noqa: N818 - it is an answer
    """An error that the client is told, at `redirect_uri`."""

    def __init__(self, redirect_uri: str, state: str | None, error: OAuthError) -> None:
        super().__init__(error.message)
        self.redirect_uri, self.state, self.error = redirect_uri, state, error


def check_redirect(fields: Mapping[str, str], client: Client | None) -> tuple[Client, str]:
    """The client and the registered place of its own that the request names, by exact comparison (RFC 9700 section 2.1).

    Raises:
        UnsafeRequestError: it names none; the answer is a page.
    """
    if client is None:
        raise UnknownClientError
    if fields.get("redirect_uri") not in client.redirect_uris:
        raise UnsafeRequestError(
            "The application that sent you here wants you back at a place that is not registered (redirect_uri)."
        )
    return client, fields["redirect_uri"]


def check_request(
    fields: Mapping[str, str], client: Client | None, *, is_pushed: bool = False
) -> AuthorizationRequest:
    """The request; `is_pushed` when its client has brought it itself (RFC 9126).

    Raises:
        UnsafeRequestError: nobody may be redirected.
        Refusal: the client is told.
    """
    client, redirect_uri = check_redirect(fields, client)
    state = fields.get("state")
    try:
        if client.require_pushed_authorization_requests and not is_pushed:
            raise invalid_request("The client must push its requests (RFC 9126)")
        return _request(fields, client, redirect_uri)
    except OAuthError as error:
        raise Refusal(redirect_uri, state, error) from error


def _request(fields: Mapping[str, str], client: Client, redirect_uri: str) -> AuthorizationRequest:
    _check_type(fields, client)
    scopes = client.allowed(fields.get("scope", "").split())
    if not scopes:
        raise OAuthError("invalid_scope", "None of these scopes is the client's")
    id_token_claims, userinfo_claims = _claims(fields.get("claims"))
    return AuthorizationRequest(
        client=client,
        redirect_uri=redirect_uri,
        scopes=scopes,
        code_challenge=_challenge(fields),
        state=fields.get("state"),
        nonce=fields.get("nonce"),
        prompts=_prompts(fields.get("prompt", "")),
        max_age=_max_age(fields.get("max_age")),
        login_hint=fields.get("login_hint", ""),
        id_token_hint=fields.get("id_token_hint"),
        id_token_claims=id_token_claims,
        userinfo_claims=userinfo_claims,
    )


def _check_type(fields: Mapping[str, str], client: Client) -> None:
    for name in ("request", "request_uri"):
        if name in fields:
            raise OAuthError(f"{name}_not_supported", f"The parameter {name} is not supported")
    if "response_type" not in fields:
        raise invalid_request("response_type is missing")
    if fields["response_type"] != "code":
        raise OAuthError("unsupported_response_type", "The only response_type is code")
    if fields.get("response_mode", "query") != "query":
        raise invalid_request("The only response_mode is query")
    if not client.may(GrantType.AUTHORIZATION_CODE):
        raise OAuthError("unauthorized_client", "The client may not use authorization codes")
    long = next((name for name, value in fields.items() if len(value) > _MAX_VALUE), None)
    if long is not None:
        raise invalid_request(f"{long[:40]} is too long")


def _challenge(fields: Mapping[str, str]) -> str:
    challenge = fields.get("code_challenge", "")
    if fields.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise invalid_request("A code_challenge with the code_challenge_method S256 is needed (RFC 7636)")
    return challenge


def _prompts(text: str) -> frozenset[Prompt]:
    try:
        prompts = frozenset(map(Prompt, text.split()))
    except ValueError:
        raise invalid_request("This prompt is not known") from None
    if Prompt.NONE in prompts and len(prompts) > 1:
        raise invalid_request("prompt=none stands alone")
    return prompts


def _max_age(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise invalid_request("max_age is a number of seconds")
    return int(text)


def _claims(text: str | None) -> tuple[list[str], list[str]]:
    """The claims that are asked for by name, for the ID token and for userinfo (section 5.5); others are ignored."""
    if text is None:
        return [], []
    try:
        asked = msgspec.json.decode(text, type=dict[str, dict[str, Any] | None])
    except msgspec.DecodeError:
        raise invalid_request("claims is not the JSON of OpenID Connect Core section 5.5") from None
    return _known(asked.get("id_token") or ()), _known(asked.get("userinfo") or ())


def _known(names: Iterable[str]) -> list[str]:
    return sorted(CLAIMS & set(names))
