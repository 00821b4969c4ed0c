"""What payments reads from the environment."""

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Annotated, ClassVar

from msgspec import Meta

from common.settings import DataSettings, Secret, SettingsError, variable
from subgraphs.payments.domain.webhooks import Network


class Settings(DataSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "payments"

    key_encryption_key: Annotated[
        Secret,
        variable("HANSA_KEY_ENCRYPTION_KEY", "base64 of the 32 bytes that seal the secrets of webhooks"),
    ]
    card_url: Annotated[
        str | None, variable("HANSA_CARD_URL", "the card provider, as https://api.stripe.com")
    ] = None
    provider_url: Annotated[
        str | None, variable("HANSA_PROVIDER_URL", "where the platform's own card provider is")
    ] = None
    card_key: Annotated[Secret | None, variable("HANSA_CARD_KEY", "the key of the card provider's API")] = (
        None
    )
    card_webhook_secret: Annotated[
        Secret | None, variable("HANSA_CARD_WEBHOOK_SECRET", "what the card provider signs its webhooks with")
    ] = None
    card_timeout: Annotated[
        float,
        Meta(gt=0),
        variable("HANSA_CARD_TIMEOUT", "seconds that a request to the card provider may take"),
    ] = 6.0
    card_return_url: Annotated[
        str, variable("HANSA_CARD_RETURN_URL", "where payers come back to from their bank")
    ] = "http://127.0.0.1:4000/"
    webhook_networks: Annotated[
        str,
        variable("HANSA_WEBHOOK_NETWORKS", "private networks that webhooks may go to, as 10.1.0.0/16,..."),
    ] = ""

    def allowed_networks(self) -> Sequence[Network]:
        """The private networks that webhooks may go to.

        Raises:
            SettingsError: one is no network.
        """
        try:
            return [ip_network(text.strip()) for text in self.webhook_networks.split(",") if text.strip()]
        except ValueError as error:
            raise SettingsError(f"HANSA_WEBHOOK_NETWORKS is malformed: {error}") from None
