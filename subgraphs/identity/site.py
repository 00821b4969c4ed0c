"""Where identity's pages are for a browser, and what its cookies are called there.

Identity answers below its issuer, whose path the router takes off: what stands in a page, a redirect or a document has to
have it back.
"""

from urllib.parse import urlsplit

from msgspec import Struct

from subgraphs.identity.domain.passkeys import RelyingParty

_MAX_LOCAL_PATH = 8192


class Site(Struct, frozen=True):
    """The issuer, which every URL of identity begins with."""

    issuer: str

    def url(self, path: str) -> str:
        """The absolute URL of a path of identity's own, which begins with a slash."""
        return self.issuer.rstrip("/") + path

    @property
    def is_secure(self) -> bool:
        return urlsplit(self.issuer).scheme == "https"

    @property
    def relying_party(self) -> RelyingParty:
        """Whose passkeys are asked for here."""
        parts = urlsplit(self.issuer)
        return RelyingParty(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")

    def cookie(self, name: str) -> str:
        """A cookie's full name; by `__Host-` no other host and no plain connection can have set it (RFC 6265bis 4.1.3.2)."""
        return f"__Host-hansa-{name}" if self.is_secure else f"hansa-{name}"


def is_local_path(path: str) -> bool:
    """Whether a path that came with a request may be gone on to: it stays on this site, whatever is in it."""
    return (
        len(path) <= _MAX_LOCAL_PATH
        and path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and path.isprintable()
    )
