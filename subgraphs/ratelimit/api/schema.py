"""The rate limiter's schema; its SDL is committed as `schema.graphql`."""

from common.app import subgraph_schema
from subgraphs.ratelimit.api.mutations import Mutation
from subgraphs.ratelimit.api.queries import Query
from subgraphs.ratelimit.api.types import User
from subgraphs.ratelimit.api.usage import Subscription

schema = subgraph_schema(query=Query, mutation=Mutation, subscription=Subscription, types=[User])
