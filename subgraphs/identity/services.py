"""The use cases of identity, for its resolvers and its pages."""

from dataclasses import dataclass
from typing import Self

from subgraphs.identity.parts import IdentityParts
from subgraphs.identity.service.audit import AuditLog
from subgraphs.identity.service.codes import Codes
from subgraphs.identity.service.emails import Emails
from subgraphs.identity.service.passkeys import Passkeys
from subgraphs.identity.service.password_changes import PasswordChanges
from subgraphs.identity.service.regions import Regions
from subgraphs.identity.service.roles import Roles


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
    def of(cls, parts: IdentityParts) -> Self:
        """Those of one site."""
        database, roles = parts.database, Roles(parts.database, parts.settings.first_admin)
        return cls(
            roles=roles,
            audit=AuditLog(database, parts.live),
            emails=_emails(parts, roles),
            password_changes=PasswordChanges(
                database,
                parts.passwords,
                parts.mailbox,
                links=parts.links,
                step_up=parts.step_up,
                throttle=parts.throttle,
            ),
            codes=Codes(
                database,
                parts.sealer,
                parts.mailbox,
                links=parts.links,
                step_up=parts.step_up,
                throttle=parts.code_throttle,
            ),
            passkeys=Passkeys(
                database, parts.site.relying_party, parts.mailbox, links=parts.links, step_up=parts.step_up
            ),
            regions=Regions(database, parts.keys, parts.homes),
        )


def _emails(parts: IdentityParts, roles: Roles) -> Emails:
    return Emails(
        parts.database,
        parts.mailbox,
        links=parts.links,
        step_up=parts.step_up,
        throttle=parts.throttle,
        roles=roles,
        addresses=parts.addresses,
    )
