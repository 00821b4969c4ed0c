"""Where a request carries its token: headers and cookies, each with a prefix, tried in their order."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from common.auth import InvalidToken, Reason
from gateway.server.config.access import Jwt, TokenSource
from gateway.server.http.request import HttpRequest

Find: TypeAlias = Callable[[HttpRequest], str | None]


class TokenFinder:
    """Finds the token of a request by the configured sources; the header `header_name` comes first."""

    def __init__(self, config: Jwt) -> None:
        first = TokenSource("header", config.header_name, config.header_value_prefix)
        self._finds = [_find(source, config.ignore_other_prefixes) for source in (first, *config.sources)]

    def find(self, request: HttpRequest) -> str | None:
        """The token; None where no source has one.

        Raises InvalidToken where a source has something else, or more than one.
        """
        for find in self._finds:
            token = find(request)
            if token is not None:
                return token
        return None


def _find(source: TokenSource, ignores_others: bool) -> Find:  # noqa: FBT001 - a fact of the configuration
    name, prefix = source.name, source.prefix

    def of_header(request: HttpRequest) -> str | None:
        return _token(request.all(header), prefix, ignores_others)

    def of_cookie(request: HttpRequest) -> str | None:
        return _token(_cookies(request, name), prefix, ignores_others)

    header = name.lower().encode()
    return of_header if source.type == "header" else of_cookie


def _token(values: list[str], prefix: str, ignores_others: bool) -> str | None:  # noqa: FBT001
    if not values:
        return None
    if len(values) > 1:  # which of them others would read is not known
        raise InvalidToken(Reason.MALFORMED)
    if not prefix:
        return values[0].strip()
    scheme, _, token = values[0].partition(" ")
    if scheme.lower() != prefix.lower():
        if ignores_others:
            return None
        raise InvalidToken(Reason.MALFORMED)
    if not token.strip():
        raise InvalidToken(Reason.MALFORMED)
    return token.strip()


def _cookies(request: HttpRequest, name: str) -> list[str]:
    """The values of all cookies of that name (RFC 6265, section 4.2)."""
    return list(_named(request.all(b"cookie"), name))


def _named(headers: list[str], name: str) -> Iterator[str]:
    for header in headers:
        for pair in header.split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                yield value.strip('"')
