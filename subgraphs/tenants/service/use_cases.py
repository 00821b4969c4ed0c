"""All use cases of tenants, as the wiring makes them and resolvers and doors find them."""

from dataclasses import dataclass

from common.database import Database
from common.tenancy import Tenancy
from subgraphs.tenants.domain.configurations import Rules
from subgraphs.tenants.resolver import DnsResolver, Resolver
from subgraphs.tenants.service.billing import Billing
from subgraphs.tenants.service.configurations import Configurations
from subgraphs.tenants.service.consumers import Consumers
from subgraphs.tenants.service.crediting import Credits
from subgraphs.tenants.service.dataplane import DataPlanes
from subgraphs.tenants.service.domains import Domains
from subgraphs.tenants.service.explaining import Explaining
from subgraphs.tenants.service.keys import Keys
from subgraphs.tenants.service.members import Members
from subgraphs.tenants.service.tenants import Tenants
from subgraphs.tenants.service.usage import UsageBook


@dataclass(frozen=True)
class UseCases:
    tenants: Tenants
    members: Members
    consumers: Consumers
    keys: Keys
    configurations: Configurations
    domains: Domains
    usage: UsageBook
    billing: Billing
    credits: Credits
    explaining: Explaining
    data_planes: DataPlanes
    domain: str

    @classmethod
    def over(cls, database: Database, rules: Rules, resolver: Resolver | None = None) -> "UseCases":
        """Without a `resolver` the system's own is asked."""
        tenancy = Tenancy(database)
        return cls(
            Tenants(database, tenancy),
            Members(database, tenancy),
            Consumers(database, tenancy),
            Keys(database, tenancy),
            Configurations(tenancy, rules),
            Domains(database, tenancy, resolver or DnsResolver(), rules.domain),
            UsageBook(database, tenancy),
            Billing(database, tenancy),
            Credits(tenancy),
            Explaining(tenancy, rules),
            DataPlanes(database, rules),
            rules.domain,
        )
