"""Prevention of cross-site request forgery: what a page elsewhere could have a browser send unasked is refused.

A browser asks first (a CORS preflight) before it sends what its user's pages could not send by a form or a link: any
content type but three, any header that a script added. Requests that it sends without asking, and with the user's
cookies, are called simple (Fetch standard, section 2.2.2). What no browser sent is not forged and passes.
"""

from collections.abc import Sequence
from functools import lru_cache

from gateway.server.config.http import Csrf
from gateway.server.errors import RequestError, bad_request
from gateway.server.http.request import HttpRequest

_SIMPLE_CONTENT_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_OWN_SITES = (b"same-origin", b"none")


class CsrfPrevention:
    """Refuses what could be forged unless it carries one of the required headers, which makes it no simple request."""

    def __init__(self, config: Csrf) -> None:
        self._is_off = config.unsafe_disabled
        self._required = [name.lower().encode() for name in config.required_headers]
        self._refusal = _message(config.required_headers)

    def check(self, request: HttpRequest) -> None:
        """Raises RequestError (400, CSRF_ERROR)."""
        content_type = request.headers.get(b"content-type", b"")
        if _is_asked_for(content_type) or self._is_off or not _may_be_forged(request):
            return
        if not any(name in request.headers for name in self._required):
            raise self._error()

    def _error(self) -> RequestError:
        return bad_request(self._refusal, "CSRF_ERROR")


@lru_cache(maxsize=256)
def _is_asked_for(content_type: bytes) -> bool:
    """Whether a browser sends a preflight before a request of that content type."""
    media_type = _media_type(content_type)
    return bool(media_type) and media_type not in _SIMPLE_CONTENT_TYPES


def _media_type(content_type: bytes) -> str:
    return content_type.decode("latin-1").partition(";")[0].strip().lower()


def _may_be_forged(request: HttpRequest) -> bool:
    headers = request.headers
    if request.method == "POST" and _media_type(headers.get(b"content-type", b"")):
        return True
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in _OWN_SITES
    origin = headers.get(b"origin")
    return origin is not None and origin.partition(b"://")[2].lower() != headers.get(b"host", b"").lower()


def _message(required: Sequence[str]) -> str:
    message = (
        "The request was refused, since a page of another site could have sent it: give it a content type other than "
        + ", ".join(_SIMPLE_CONTENT_TYPES)
    )
    return f"{message}, or one of the headers {', '.join(required)}" if required else message
