"""Which media type an answer has (GraphQL over HTTP, section 6.1; RFC 9110, section 12.5.1)."""

from functools import lru_cache

from gateway.server.errors import RequestError, error_body
from gateway.server.http.multipart import is_in_parts

RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"
SUPPORTED = (RESPONSE_JSON, JSON)


@lru_cache(maxsize=256)
def negotiate(accept: str | None) -> str:
    """The best supported media type for the value of an Accept header; JSON without one.

    Who takes an answer in parts takes JSON where there are none.

    Raises RequestError (406).
    """
    if accept is None or not accept.strip():
        return JSON
    ranked = [(quality, media_type) for part in accept.split(",") for quality, media_type in _range(part)]
    best = max((quality for quality, _ in ranked), default=0.0)
    acceptable = [media_type for quality, media_type in ranked if quality == best and best > 0]
    for media_type in SUPPORTED:
        if media_type in acceptable:
            return media_type
    message = (
        f"None of the media types in the Accept header is supported; supported are {', '.join(SUPPORTED)}"
    )
    raise RequestError(406, [error_body(message, "NOT_ACCEPTABLE")])


def _range(text: str) -> list[tuple[float, str]]:
    """The media type that one media range stands for, with its quality; none where it is not ours."""
    name, _, rest = text.partition(";")
    parameters = dict(_parameter(part) for part in rest.split(";"))
    if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        return []
    name = name.strip().lower()
    media_type = JSON if name in ("*/*", "application/*") or is_in_parts(text) else name
    return [(_quality(parameters.get("q", "1")), media_type)] if media_type in SUPPORTED else []


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
