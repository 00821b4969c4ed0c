"""What payments reads from the environment."""

from typing import ClassVar

from common.settings import DatabaseUrl, NatsUrl, ServiceSettings


class Settings(ServiceSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "payments"

    database_url: DatabaseUrl
    nats_url: NatsUrl
