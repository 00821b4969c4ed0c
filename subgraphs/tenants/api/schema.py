"""The tenants' schema; its SDL is committed as `schema.graphql`."""

import strawberry

from common.app import subgraph_schema
from subgraphs.tenants.api.billing import BillingMutations
from subgraphs.tenants.api.configurations import ConfigurationMutations
from subgraphs.tenants.api.consumers import ConsumerMutations, ConsumerQueries
from subgraphs.tenants.api.domains import DomainMutations
from subgraphs.tenants.api.explaining import ExplainingQueries
from subgraphs.tenants.api.keys import KeyMutations, KeyQueries
from subgraphs.tenants.api.members import MemberMutations, MemberQueries
from subgraphs.tenants.api.plans import PlanMutations, PlanQueries
from subgraphs.tenants.api.subscriptions import Subscription
from subgraphs.tenants.api.tenants import TenantMutations, TenantQueries
from subgraphs.tenants.api.types import User


@strawberry.type
class Query(TenantQueries, MemberQueries, PlanQueries, KeyQueries, ConsumerQueries, ExplainingQueries):
    """What can be asked."""


@strawberry.type
class Mutation(
    TenantMutations,
    MemberMutations,
    PlanMutations,
    KeyMutations,
    ConfigurationMutations,
    DomainMutations,
    BillingMutations,
    ConsumerMutations,
):
    """What can be changed."""


schema = subgraph_schema(query=Query, mutation=Mutation, subscription=Subscription, types=[User])
