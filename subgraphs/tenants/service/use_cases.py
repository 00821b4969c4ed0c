"""All use cases of tenants, as `app.py` makes them and the resolvers find them."""

from dataclasses import dataclass

from subgraphs.tenants.service.members import Members
from subgraphs.tenants.service.tenants import Tenants


@dataclass(frozen=True)
class UseCases:
    tenants: Tenants
    members: Members
    domain: str
