"""Where the links in letters lead: to identity's own pages.

A page that is opened by one changes nothing before its button is pressed, since scanners of mail open links, too.
"""

from urllib.parse import urlencode

from msgspec import Struct

from subgraphs.identity.site import Site

VERIFY_EMAIL = "/verify-email"
CHANGE_EMAIL = "/change-email"
RECOVER = "/recover"


class Links(Struct, frozen=True):
    """Links into a site."""

    site: Site

    def verify_email(self, token: str) -> str:
        return self._link(VERIFY_EMAIL, token)

    def change_email(self, token: str) -> str:
        return self._link(CHANGE_EMAIL, token)

    def recover(self, token: str) -> str:
        return self._link(RECOVER, token)

    def ask_for_recovery(self) -> str:
        return self.site.url(RECOVER)

    def _link(self, path: str, token: str) -> str:
        return f"{self.site.url(path)}?{urlencode({'token': token})}"
