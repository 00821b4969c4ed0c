"""Where the links in letters lead: identity's own pages, beneath the issuer."""

from urllib.parse import urlencode

from msgspec import Struct


class Links(Struct, frozen=True):
    """Links beneath `issuer`. A page that is opened by one changes nothing before its button is pressed: scanners of mail open links, too."""

    issuer: str

    def verify_email(self, token: str) -> str:
        return self._link("/verify-email", token)

    def change_email(self, token: str) -> str:
        return self._link("/change-email", token)

    def recover(self, token: str) -> str:
        return self._link("/recover", token)

    def ask_for_recovery(self) -> str:
        return f"{self.issuer.rstrip('/')}/recover"

    def _link(self, path: str, token: str) -> str:
        return f"{self.issuer.rstrip('/')}{path}?{urlencode({'token': token})}"
