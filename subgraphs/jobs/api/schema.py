"""Jobs' schema; its SDL is committed as `schema.graphql`."""

from common.app import subgraph_schema
from subgraphs.jobs.api.mutations import Mutation
from subgraphs.jobs.api.queries import Query
from subgraphs.jobs.api.subscriptions import Subscription
from subgraphs.jobs.api.types import User

schema = subgraph_schema(query=Query, mutation=Mutation, subscription=Subscription, types=[User])
