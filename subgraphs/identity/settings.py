"""What identity reads from the environment."""

from typing import Annotated, ClassVar

from msgspec import Meta

from common.settings import DataSettings, RedisUrl, Secret, variable

REGION = "^[a-z][a-z0-9-]{0,31}$"


class Settings(DataSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "identity"

    redis_url: RedisUrl
    key_encryption_key: Annotated[
        Secret, variable("HANSA_KEY_ENCRYPTION_KEY", "base64 of the 32 bytes that seal the signing keys")
    ]
    region: Annotated[
        str, Meta(pattern=REGION), variable("HANSA_REGION", "the region that this service is in")
    ] = "home"
    region_peers: Annotated[
        str, variable("HANSA_REGION_PEERS", "where identity is in the other regions, as NAME=URL,NAME=URL")
    ] = ""
    directory_key: Annotated[
        Secret | None,
        variable(
            "HANSA_DIRECTORY_KEY",
            "the secret of all regions under which one of them knows of each address whose it is; 32 characters or more",
        ),
    ] = None
    directory_regions: Annotated[
        str,
        variable(
            "HANSA_DIRECTORY_REGIONS",
            "the regions that decide whose an address is, as NAME,NAME; it stays so",
        ),
    ] = ""
    router_secret: Annotated[
        Secret | None,
        variable("HANSA_ROUTER_SECRET", "the secret by which the router exchanges its callers' tokens"),
    ] = None
    proxy_secret: Annotated[
        Secret | None,
        variable("HANSA_PROXY_CLIENT_SECRET", "the secret by which the reverse proxy gets tokens of its own"),
    ] = None
    inner_clients: Annotated[
        bool,
        variable(
            "HANSA_IDENTITY_INNER_CLIENTS",
            "whether clients may be told of logouts at private addresses and by plain http: true or false",
        ),
    ] = False
    first_admin: Annotated[
        str | None,
        variable(
            "HANSA_FIRST_ADMIN", "the address that makes an admin once it is verified, while there is none"
        ),
    ] = None
    mail_url: Annotated[
        Secret | None,
        variable("HANSA_MAIL_URL", "where letters go: file:///folder, smtp://user:password@host or smtps://"),
    ] = None
    mail_from: Annotated[str, variable("HANSA_MAIL_FROM", "the sender of letters")] = (
        "Hansa <no-reply@hansa.example>"
    )
