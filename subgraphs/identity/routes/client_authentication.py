"""How a client says who it is: HTTP Basic, the form, or nothing but its id (RFC 6749 section 2.3)."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from subgraphs.identity.oauth_errors import InvalidClientError, invalid_request
from subgraphs.identity.routes.forms import Asked
from subgraphs.identity.service.clients import Credentials

METHODS = ("client_secret_basic", "client_secret_post", "none")


def credentials(request: Asked, fields: Mapping[str, str]) -> Credentials:
    """Who the request says that it comes from; nothing of it is proven yet.

    Raises:
        InvalidClientError: it names nobody, or by a scheme that is not known.
        OAuthError: `invalid_request`, it says so in two ways.
    """
    client_id, secret = fields.get("client_id"), fields.get("client_secret")
    header = request.headers.get("authorization")
    if header is not None:
        if secret is not None:
            raise invalid_request("The client authenticates in two ways")
        named = _basic(header)
        if client_id not in (None, named.client_id):
            raise invalid_request("client_id names another client")
        return named
    if client_id is None:
        raise InvalidClientError("The request names no client")
    return Credentials(client_id, secret)


def _basic(header: str) -> Credentials:
    """The user and the password of HTTP Basic, each encoded as in a form (section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        user, separator, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        client_id, secret = (unquote_plus(text, errors="strict") for text in (user, password))
    except (ValueError, binascii.Error):
        separator = client_id = secret = ""
    if scheme.lower() != "basic" or not separator or "\x00" in client_id:
        raise InvalidClientError("The client authenticates by HTTP Basic or in the form")
    return Credentials(client_id, secret)
