"""What identity reads from the environment."""

from typing import Annotated, ClassVar

from common.settings import DatabaseUrl, RedisUrl, Secret, ServiceSettings, variable


class Settings(ServiceSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "identity"

    database_url: DatabaseUrl
    redis_url: RedisUrl
    key_encryption_key: Annotated[
        Secret, variable("HANSA_KEY_ENCRYPTION_KEY", "base64 of the 32 bytes that seal the signing keys")
    ]
