"""Identity's schema; its SDL is committed as `schema.graphql`."""

from common.app import subgraph_schema
from subgraphs.identity.api.mutations import Mutation
from subgraphs.identity.api.queries import Query
from subgraphs.identity.api.types import User

schema = subgraph_schema(query=Query, mutation=Mutation, types=[User])
