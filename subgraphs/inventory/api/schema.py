"""Inventory's schema; its SDL is committed as `schema.graphql`."""

from common.app import subgraph_schema
from subgraphs.inventory.api.mutations import Mutation
from subgraphs.inventory.api.queries import Query
from subgraphs.inventory.api.types import User

schema = subgraph_schema(query=Query, mutation=Mutation, types=[User])
