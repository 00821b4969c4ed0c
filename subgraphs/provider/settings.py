"""What the provider reads from the environment."""

from typing import Annotated, ClassVar

from common.settings import Secret, StoreSettings, variable


class Settings(StoreSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "provider"

    api_key: Annotated[Secret, variable("HANSA_CARD_KEY", "the key that merchants authenticate with")]
    webhook_secret: Annotated[Secret, variable("HANSA_CARD_WEBHOOK_SECRET", "what webhooks are signed with")]
    payments_url: Annotated[
        str | None, variable("HANSA_PAYMENTS_URL", "where payments is; without it no webhook is sent")
    ] = None
    listen: Annotated[str, variable("HANSA_LISTEN", "HOST:PORT that browsers reach the platform at")] = (
        "127.0.0.1:4000"
    )
    public_url: Annotated[
        str | None,
        variable("HANSA_PROVIDER_PUBLIC_URL", "where browsers find the pages, unless under HANSA_LISTEN"),
    ] = None

    @property
    def pages(self) -> str:
        """The URL below which browsers find the pages of 3-D Secure."""
        return self.public_url or f"http://{self.listen}/provider"
