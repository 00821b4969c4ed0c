"""Forms: read whole and under a bound, and told from what another site's page could have sent.

Each form carries a token that is made from a secret which only this browser has: its session's cookie, or before there is one a
cookie of its own. Another site can neither read nor set them, so it cannot make the token.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import Cookie
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
)

from common.errors import DomainError
from subgraphs.identity.opaque import new_token
from subgraphs.identity.site import Site

MAX_FORM = 64 * 1024
_MAX_FIELDS = 50
_URLENCODED = "application/x-www-form-urlencoded"
_TEXT = "^[^\\x00]*$"
SESSION = "session"
_FORM = "form"

Asked = Request[Any, Any, Any]


class InvalidFormError(DomainError):
    """The body is no form, or has a field twice (RFC 6749 section 3.1)."""

    code = "INVALID_FORM"


class ForgedFormError(DomainError):
    """The form lacks what only a page of ours could have put there."""

    code = "FORGED_FORM"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "This form is too old, or not from here. Go back, load the page again, and send it anew."
        )


async def read_form(request: Asked) -> Mapping[str, str]:
    """The fields of an urlencoded body.

    Raises:
        InvalidFormError: it is not one.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _URLENCODED:
        raise InvalidFormError(f"The body is not {_URLENCODED}")
    return read_fields(await request.body())


def read_fields(encoded: bytes) -> Mapping[str, str]:
    """The fields of an urlencoded text, which are decoded and each there once.

    Raises:
        InvalidFormError: it is not one, or has what no field may have.
    """
    try:
        text = encoded.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise InvalidFormError("The fields cannot be read") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InvalidFormError("A field is there twice")
    if any("\x00" in value for value in fields.values()):
        raise InvalidFormError("A field has a NUL")
    return fields


class FormTokens:
    """The tokens of a site's forms."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def make(self, request: Asked) -> tuple[str, list[Cookie]]:
        """The token for a form on the page that answers `request`, and the cookie that must go with it, if any."""
        secret = self._secret(request)
        if secret is not None:
            return _token(secret), []
        secret = new_token()
        return _token(secret), [cookie(self._site, _FORM, secret)]

    def check(self, request: Asked, fields: Mapping[str, str]) -> None:
        """Raises ForgedFormError unless the form is from a page that this browser was shown."""
        secret = self._secret(request)
        if secret is None or not hmac.compare_digest(
            _token(secret).encode(), fields.get("form_token", "").encode()
        ):
            raise ForgedFormError

    def _secret(self, request: Asked) -> str | None:
        named = (self._site.cookie(name) for name in (SESSION, _FORM))
        return next((request.cookies[name] for name in named if request.cookies.get(name)), None)


def cookie(site: Site, name: str, value: str, max_age: int | None = None) -> Cookie:
    """A cookie that scripts do not see and other sites' forms do not send; without `max_age` until the browser closes."""
    return Cookie(
        key=site.cookie(name),
        value=value,
        path="/",
        max_age=max_age,
        secure=site.is_secure,
        httponly=True,
        samesite="lax",
    )


def takes_form(*fields: str, others: bool = False) -> type[Operation]:
    """The documentation of a door whose body is a form of these fields, or of any `others` too."""
    text = Schema(type=OpenAPIType.STRING, pattern=_TEXT)
    properties: dict[str, Reference | Schema] = dict.fromkeys(fields, text)
    further = text if others else False
    schema = Schema(type=OpenAPIType.OBJECT, properties=properties, additional_properties=further)

    @dataclass
    class FormOperation(Operation):
        def __post_init__(self) -> None:
            content = {_URLENCODED: OpenAPIMediaType(schema=schema)}
            self.request_body = RequestBody(content=content, required=True)

    return FormOperation


def takes_query(*names: str) -> type[Operation]:
    """The documentation of a door that needs these parameters in its query."""
    text = Schema(type=OpenAPIType.STRING, pattern=_TEXT, max_length=100)

    @dataclass
    class QueryOperation(Operation):
        def __post_init__(self) -> None:
            self.parameters = [
                Parameter(name=name, param_in="query", required=True, schema=text) for name in names
            ]

    return QueryOperation


def _token(secret: str) -> str:
    mac = hmac.digest(secret.encode(), b"form", hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
