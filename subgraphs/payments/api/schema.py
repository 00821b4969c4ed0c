"""Payments' schema; its SDL is committed as `schema.graphql`."""

from common.app import subgraph_schema
from subgraphs.payments.api.mutations import Mutation
from subgraphs.payments.api.queries import Query
from subgraphs.payments.api.subscriptions import Subscription
from subgraphs.payments.api.types import Reservation, User

schema = subgraph_schema(query=Query, mutation=Mutation, subscription=Subscription, types=[Reservation, User])
