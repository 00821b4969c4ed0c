"""The use cases of identity, for its resolvers and its pages."""

from dataclasses import dataclass
from typing import Self

from common.database import Database
from common.live import Live
from common.sealing import Sealer
from subgraphs.identity.links import Links
from subgraphs.identity.passwords import Passwords
from subgraphs.identity.service.addresses import Addresses
from subgraphs.identity.service.audit import AuditLog
from subgraphs.identity.service.codes import Codes
from subgraphs.identity.service.emails import Emails
from subgraphs.identity.service.homes import Homes
from subgraphs.identity.service.mail import Mailbox
from subgraphs.identity.service.passkeys import Passkeys
from subgraphs.identity.service.password_changes import PasswordChanges
from subgraphs.identity.service.regions import Regions
from subgraphs.identity.service.roles import Roles
from subgraphs.identity.service.step_up import StepUp
from subgraphs.identity.signing_keys import SigningKeys
from subgraphs.identity.site import Site
from subgraphs.identity.throttle import SignInThrottle


@dataclass(frozen=True)
class Services:
    """What there is besides signing in."""

    roles: Roles
    audit: AuditLog
    emails: Emails
    password_changes: PasswordChanges
    codes: Codes
    passkeys: Passkeys
    regions: Regions

    @classmethod
    def of(
        cls,
        database: Database,
        sealer: Sealer,
        keys: SigningKeys,
        *,
        addresses: Addresses,
        live: Live,
        site: Site,
        passwords: Passwords,
        throttle: SignInThrottle,
        code_throttle: SignInThrottle,
        first_admin: str | None,
        homes: Homes,
    ) -> Self:
        """Those of one site. `throttle` counts passwords and letters, `code_throttle` second factors."""
        mailbox, links, roles = Mailbox(sealer), Links(site), Roles(database, first_admin)
        step_up = StepUp(database, passwords, throttle)
        return cls(
            roles=roles,
            audit=AuditLog(database, live),
            emails=Emails(
                database,
                mailbox,
                links=links,
                step_up=step_up,
                throttle=throttle,
                roles=roles,
                addresses=addresses,
            ),
            password_changes=PasswordChanges(
                database, passwords, mailbox, links=links, step_up=step_up, throttle=throttle
            ),
            codes=Codes(database, sealer, mailbox, links=links, step_up=step_up, throttle=code_throttle),
            passkeys=Passkeys(database, site.relying_party, mailbox, links=links, step_up=step_up),
            regions=Regions(database, keys, homes),
        )
