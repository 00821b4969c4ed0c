"""Inventory's schema; its SDL is committed as `schema.graphql`."""

import strawberry

from common.app import subgraph_schema
from subgraphs.inventory.api.catalogue import CatalogueQuery
from subgraphs.inventory.api.reservations import ReservationMutation, ReservationQuery, User


@strawberry.type
class Query(CatalogueQuery, ReservationQuery):
    """What may be looked at."""


@strawberry.type
class Mutation(ReservationMutation):
    """What may be done."""


schema = subgraph_schema(query=Query, mutation=Mutation, types=[User])
