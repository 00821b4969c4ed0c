"""The catalogue in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry
import strawberry.federation

from common.app.values import Money, PageInfo
from common.inputs import InvalidInputError, parse_id
from subgraphs.inventory.api.context import READ_SCOPES, Info
from subgraphs.inventory.api.stock import StockLevel, WarehouseStock, together
from subgraphs.inventory.domain import catalogue as domain
from subgraphs.inventory.domain.stock import Availability


@strawberry.type(description="How much of a variant one person may have.")
class PurchaseLimit:
    pieces: int = strawberry.field(description="In reservations that are open, and in those sold lately.")
    seconds: int = strawberry.field(description="For how long what was sold counts.")


@strawberry.federation.type(
    keys=["id", "sku"], description="One form of a product, such as a size: what is bought."
)
class ProductVariant:
    id: strawberry.ID
    sku: str = strawberry.field(description="The stock keeping unit, which names the variant for people.")
    title: str = strawberry.field(description="What sets it apart; empty when it is its product's only one.")
    price: Money
    variant: strawberry.Private[domain.Variant]

    @strawberry.field(description="What it is a form of.")
    async def product(self, info: Info) -> "Product":
        found = await info.context.loaders.product.load(self.variant.product_id)
        assert found is not None, "a variant refers to a product that exists"
        return Product.of(found)

    @strawberry.field(description="What one person may have of it at most; as much as there is without one.")
    def purchase_limit(self) -> PurchaseLimit | None:
        limit = self.variant.limit
        return PurchaseLimit(pieces=limit.pieces, seconds=limit.seconds) if limit else None

    @strawberry.field(description="How much there is to sell, everywhere or in a region.")
    async def availability(self, info: Info, region: str | None = None) -> Availability:
        levels = await info.context.loaders.levels_of_variant.load(self.variant.id)
        return together(levels, region).availability

    @strawberry.federation.field(
        description="The pieces that there are now; of a bundle, how many could be made.",
        requires_scopes=READ_SCOPES,
    )
    async def stock(self, info: Info) -> StockLevel | None:
        info.context.require_reader()
        return StockLevel.of(together(await info.context.loaders.levels_of_variant.load(self.variant.id)))

    @strawberry.federation.field(
        description="The pieces in each warehouse that may have it.", requires_scopes=READ_SCOPES
    )
    async def stock_by_warehouse(self, info: Info) -> list[WarehouseStock] | None:
        info.context.require_reader()
        levels = await info.context.loaders.levels_of_variant.load(self.variant.id)
        return [WarehouseStock.of(level) for level in levels or ()]

    @classmethod
    def of(cls, variant: domain.Variant) -> "ProductVariant":
        return cls(
            id=strawberry.ID(str(variant.id)),
            sku=variant.sku,
            title=variant.title,
            price=Money.of(variant.price),
            variant=variant,
        )

    @classmethod
    async def resolve_reference(
        cls,
        info: Info,
        id: strawberry.ID | None = None,  # noqa: A002 - the key field's name
        sku: str | None = None,
    ) -> "ProductVariant | None":
        key = parse_id(id) if id is not None else sku
        found = await info.context.loaders.variant.load(key) if key else None
        return cls.of(found) if found else None


@strawberry.federation.type(keys=["id"], description="Something that is sold, in one form or several.")
class Product:
    id: strawberry.ID
    sku: str = strawberry.field(description="That of its first variant.")
    name: str
    description: str
    category: str
    price: Money = strawberry.field(description="That of its first variant.")
    variants: list[ProductVariant]
    product: strawberry.Private[domain.Product]

    @strawberry.field(description="How much of all its variants there is to sell, everywhere or in a region.")
    async def availability(self, info: Info, region: str | None = None) -> Availability:
        levels = await info.context.loaders.levels_of_product.load(self.product.id)
        return together(levels, region).availability

    @strawberry.federation.field(
        description="The pieces of all its variants that there are now.", requires_scopes=READ_SCOPES
    )
    async def stock(self, info: Info) -> StockLevel | None:
        info.context.require_reader()
        return StockLevel.of(together(await info.context.loaders.levels_of_product.load(self.product.id)))

    @classmethod
    def of(cls, product: domain.Product) -> "Product":
        variants = [ProductVariant.of(variant) for variant in product.variants]
        return cls(
            id=strawberry.ID(str(product.id)),
            sku=variants[0].sku,
            name=product.name,
            description=product.description,
            category=product.category,
            price=variants[0].price,
            variants=variants,
            product=product,
        )

    @classmethod
    async def load(cls, info: Info, *, id_: str | None, sku: str | None) -> "Product | None":
        """The product of that id or else with that SKU, by the request's loader."""
        key = parse_id(id_) if id_ is not None else sku
        found = await info.context.loaders.product.load(key) if key else None
        return cls.of(found) if found else None

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Product | None":  # noqa: A002 - the key field's name
        return await cls.load(info, id_=id, sku=None)


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
class CatalogueQuery:
    @strawberry.field(
        description="The catalogue by name; `search` looks through name, category, text and SKUs."
    )
    async def products(
        self, info: Info, first: int = 20, after: str | None = None, search: str | None = None
    ) -> ProductConnection:
        page = await info.context.services.catalogue.list_products(first, after, search)
        return ProductConnection.of(page)

    @strawberry.field(description="The product of that id, or the one that a SKU is of.")
    async def product(
        self,
        info: Info,
        id: strawberry.ID | None = None,  # noqa: A002 - the argument's name in the schema
        sku: str | None = None,
    ) -> Product | None:
        if (id is None) == (sku is None):
            raise InvalidInputError("id", "or sku must be given, and not both")
        return await Product.load(info, id_=id, sku=sku)

    @strawberry.field(description="The variant of that SKU.")
    async def product_variant(self, info: Info, sku: str) -> ProductVariant | None:
        return await ProductVariant.resolve_reference(info, sku=sku)
