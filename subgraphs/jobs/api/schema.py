"""Jobs' schema; its SDL is committed as `schema.graphql`."""

import strawberry

from common.app import subgraph_schema
from subgraphs.jobs.api.asking import AskingMutation
from subgraphs.jobs.api.jobs import User
from subgraphs.jobs.api.limits import LimitMutation, LimitQuery
from subgraphs.jobs.api.listing import JobQuery
from subgraphs.jobs.api.queues import QueueMutation, QueueQuery
from subgraphs.jobs.api.recurring import RecurringMutation, RecurringQuery
from subgraphs.jobs.api.steering import SteeringMutation
from subgraphs.jobs.api.subscriptions import Subscription
from subgraphs.jobs.api.workers import WorkerMutation, WorkerQuery


@strawberry.type
class Query(JobQuery, QueueQuery, WorkerQuery, LimitQuery, RecurringQuery):
    """What may be looked at."""


@strawberry.type
class Mutation(
    AskingMutation, SteeringMutation, QueueMutation, LimitMutation, RecurringMutation, WorkerMutation
):
    """What may be done."""


schema = subgraph_schema(query=Query, mutation=Mutation, subscription=Subscription, types=[User])
