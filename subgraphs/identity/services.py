"""The use cases of identity, for its resolvers and its pages; `app.py` makes them."""

from dataclasses import dataclass

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
