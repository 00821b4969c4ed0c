"""Inventory's queries."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry

from common.app.values import PageInfo
from common.inputs import InvalidInputError
from subgraphs.inventory import domain
from subgraphs.inventory.api.context import Info
from subgraphs.inventory.api.types import Product, Reservation


@strawberry.type
class ProductEdge:
    cursor: str
    node: Product


@strawberry.type(description="A page of the catalogue.")
class ProductConnection:
    edges: list[ProductEdge]
    page_info: PageInfo

    @classmethod
    def of(cls, page: domain.ProductPage) -> "ProductConnection":
        edges = [
            ProductEdge(cursor=domain.encode_cursor(product), node=Product.of(product))
            for product in page.products
        ]
        end_cursor = edges[-1].cursor if edges else None
        return cls(edges=edges, page_info=PageInfo(has_next_page=page.has_next, end_cursor=end_cursor))


@strawberry.type
class Query:
    @strawberry.field(
        description="The catalogue by name; `search` looks through name, category, text and SKU."
    )
    async def products(
        self, info: Info, first: int = 20, after: str | None = None, search: str | None = None
    ) -> ProductConnection:
        return ProductConnection.of(await info.context.inventory.list_products(first, after, search))

    @strawberry.field(description="The product of that id, or of that SKU.")
    async def product(
        self,
        info: Info,
        id: strawberry.ID | None = None,  # noqa: A002 - the argument's name in the schema
        sku: str | None = None,
    ) -> Product | None:
        if (id is None) == (sku is None):
            raise InvalidInputError("id", "or sku must be given, and not both")
        return await Product.load(info, id_=id, sku=sku)

    @strawberry.field(description="The caller's reservation of that id.")
    async def reservation(self, info: Info, id: strawberry.ID) -> Reservation | None:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        return await Reservation.resolve_reference(info, id)
