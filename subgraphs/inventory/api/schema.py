"""Inventory's schema; its SDL is committed as `schema.graphql`."""

import strawberry

from common.app import subgraph_schema
from subgraphs.inventory.api.bundles import BundleMutation
from subgraphs.inventory.api.catalogue import CatalogueQuery
from subgraphs.inventory.api.hot import HotItemMutation
from subgraphs.inventory.api.limits import LimitMutation
from subgraphs.inventory.api.movements import MovementQuery
from subgraphs.inventory.api.quotas import QuotaMutation, QuotaQuery
from subgraphs.inventory.api.reservations import ReservationMutation, ReservationQuery, User
from subgraphs.inventory.api.stock import StockQuery, Subscription
from subgraphs.inventory.api.stocktakes import StocktakeMutation
from subgraphs.inventory.api.transfers import TransferMutation, TransferQuery
from subgraphs.inventory.api.warehousing import WarehousingMutation


@strawberry.type
class Query(CatalogueQuery, ReservationQuery, StockQuery, MovementQuery, TransferQuery, QuotaQuery):
    """What may be looked at."""


@strawberry.type
class Mutation(
    ReservationMutation,
    WarehousingMutation,
    TransferMutation,
    BundleMutation,
    HotItemMutation,
    LimitMutation,
    QuotaMutation,
    StocktakeMutation,
):
    """What may be done."""


schema = subgraph_schema(query=Query, mutation=Mutation, subscription=Subscription, types=[User])
