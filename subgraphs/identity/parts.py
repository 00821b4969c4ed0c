"""What identity's use cases stand on: each thing is there once, and knows those that it is made of."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from litestar import Litestar
from prometheus_client import CollectorRegistry

from common.app import LiveParts
from common.sealing import Sealer
from common.settings import SettingsError
from common.telemetry import Telemetry
from common.valkey import Valkey, open_valkey
from subgraphs.identity.domain.keys import KeyPolicy
from subgraphs.identity.links import Links
from subgraphs.identity.mail import open_mailer
from subgraphs.identity.passwords import Passwords
from subgraphs.identity.peers import open_directory, open_homes
from subgraphs.identity.service.addresses import Addresses
from subgraphs.identity.service.mail import Mailbox
from subgraphs.identity.service.step_up import StepUp
from subgraphs.identity.settings import Settings
from subgraphs.identity.signing_keys import SigningKeys
from subgraphs.identity.site import Site
from subgraphs.identity.throttle import TIMEOUT, SignInThrottle


class IdentityParts(LiveParts[Settings]):
    """`throttle` counts passwords and letters, `code_throttle` second factors."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Reads the settings; nothing is connected yet. Raises SettingsError."""
        super().__init__(Settings, environment)
        settings, database = self.settings, self.database
        self.registry = CollectorRegistry()
        self.site = Site(settings.issuer)
        self.sealer = Sealer.from_setting(settings.key_encryption_key)
        self.keys = SigningKeys(database, self.sealer, KeyPolicy())
        self.passwords = Passwords()
        self.valkey = _open_valkey(settings, self.telemetry)
        self.throttle = SignInThrottle(self.valkey)
        self.code_throttle = SignInThrottle(self.valkey, of="second-factor")
        self.homes = open_homes(settings)
        self.directory = open_directory(settings, database, self.homes)
        self.addresses = Addresses(database, self.directory)
        self.mailer = open_mailer(settings.mail_url) if settings.mail_url else None
        self.mailbox, self.links = Mailbox(self.sealer), Links(self.site)
        self.step_up = StepUp(database, self.passwords, self.throttle)

    @asynccontextmanager
    async def resources(self, _: Litestar) -> AsyncIterator[None]:
        """Closes, at the end, what is identity's own."""
        try:
            yield
        finally:
            self.passwords.close()
            await self.valkey.close()

    async def ping_valkey(self) -> None:
        """Whether attempts can be counted. Raises ValkeyUnavailableError."""
        for server in await self.valkey.servers():
            await server.call("PING")


def _open_valkey(settings: Settings, telemetry: Telemetry) -> Valkey:
    try:
        return open_valkey(settings.redis_url.reveal(), timeout=TIMEOUT, tracer=telemetry.tracer)
    except ValueError as error:
        raise SettingsError(f"Settings of identity: REDIS_URL is malformed: {error}") from None
