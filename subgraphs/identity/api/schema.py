"""Identity's schema; its SDL is committed as `schema.graphql`."""

from strawberry.tools import merge_types

from common.app import subgraph_schema
from subgraphs.identity.api.audit import AuditQueries, Subscription
from subgraphs.identity.api.clients import ClientMutations, ClientQueries, OAuthClient
from subgraphs.identity.api.emails import EmailMutations
from subgraphs.identity.api.mutations import Mutation
from subgraphs.identity.api.password_changes import PasswordMutations
from subgraphs.identity.api.queries import Query
from subgraphs.identity.api.regions import RegionMutations, RegionQueries
from subgraphs.identity.api.roles import RoleMutations, RoleQueries
from subgraphs.identity.api.second_factors import FactorMutations
from subgraphs.identity.api.sessions import BrowserSession, SessionMutations
from subgraphs.identity.api.types import User

_MUTATIONS = (
    *(Mutation, RoleMutations, EmailMutations, PasswordMutations, FactorMutations, RegionMutations),
    *(SessionMutations, ClientMutations),
)

schema = subgraph_schema(
    query=merge_types("Query", (Query, RoleQueries, AuditQueries, RegionQueries, ClientQueries)),
    mutation=merge_types("Mutation", _MUTATIONS),
    subscription=Subscription,
    types=[User, BrowserSession, OAuthClient],
)
