"""Cross-origin resource sharing: which other sites' pages may read an answer (Fetch standard, section 3.2)."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from gateway.server.config.http import Cors, CorsPolicy
from gateway.server.http.answer import Answer
from gateway.server.http.request import HttpRequest

Headers = tuple[tuple[str, str], ...]

_PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


def is_preflight(request: HttpRequest) -> bool:
    """Whether a browser asks what a page may send."""
    headers = request.headers
    return (
        request.method == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers
    )


class Policy:
    """The headers for the pages that one policy is about."""

    def __init__(self, policy: CorsPolicy, *, any_origin: bool = False) -> None:
        self._any_origin = any_origin
        self._methods = ", ".join(policy.methods or ())
        self._allowed_headers = ", ".join(policy.allow_headers or ())
        self.allows_credentials = bool(policy.allow_credentials)
        self._credentials: Headers = (
            (("access-control-allow-credentials", "true"),) if policy.allow_credentials else ()
        )
        self._max_age: Headers = (
            (("access-control-max-age", str(int(policy.max_age))),) if policy.max_age else ()
        )
        self._exposed = _listed("access-control-expose-headers", policy.expose_headers or ())

    def share(self, origin: str) -> Headers:
        """Those of an answer."""
        return (self._allowed(origin), *self._credentials, *self._exposed)

    def preflight(self, origin: str, asked_headers: str) -> Headers:
        """Those of the answer to a preflight request for `asked_headers`."""
        headers = self._allowed_headers or asked_headers
        listed = (("access-control-allow-headers", headers),) if headers else ()
        methods = ("access-control-allow-methods", self._methods)
        return (self._allowed(origin), *self._credentials, methods, *listed, *self._max_age)

    def _allowed(self, origin: str) -> tuple[str, str]:
        return "access-control-allow-origin", "*" if self._any_origin else origin


class CrossOrigin:
    """Finds the policy of a request's origin; one without a policy gets none of CORS' headers."""

    def __init__(self, config: Cors) -> None:
        self._exact: dict[str, Policy] = {}
        self._patterns: list[tuple[re.Pattern[str], Policy]] = []
        self._any = Policy(config.of(CorsPolicy()), any_origin=True) if config.allow_any_origin else None
        for each in config.policies:
            policy = Policy(config.of(each))
            for origin in each.origins:
                self._exact.setdefault(origin, policy)
            self._patterns += [(re.compile(pattern), policy) for pattern in each.match_origins]

    @classmethod
    def from_config(cls, config: Cors) -> "CrossOrigin | None":
        """None where nothing is shared."""
        return cls(config) if config.policies or config.allow_any_origin else None

    def share(self, answer: Answer, request: HttpRequest) -> Answer:
        """The answer as the request's origin may read it."""
        if is_preflight(request):
            return answer
        origin = request.header(b"origin")
        policy = self.policy(origin)
        shared = policy.share(origin) if policy and origin else ()
        vary = () if self._any else (("vary", "Origin"),)
        return replace(answer, headers=(*answer.headers, *shared, *vary))

    def preflight(self, request: HttpRequest) -> Answer:
        """What the pages of the request's origin may send."""
        origin = request.header(b"origin") or ""
        policy = self.policy(origin)
        asked = request.header(b"access-control-request-headers") or ""
        allowed = policy.preflight(origin, asked) if policy else ()
        return Answer(200, "text/plain", b"", (*allowed, ("vary", _PREFLIGHT_VARY)))

    def policy(self, origin: str | None) -> Policy | None:
        """What pages of that origin may do; None for nothing."""
        if self._any is not None or origin is None:
            return self._any
        return self._exact.get(origin) or next(
            (policy for pattern, policy in self._patterns if pattern.search(origin)), None
        )


def _listed(name: str, values: Sequence[str]) -> Headers:
    return ((name, ", ".join(values)),) if values else ()
