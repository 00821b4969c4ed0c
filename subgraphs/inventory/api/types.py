"""Inventory's entities in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime

import strawberry
import strawberry.federation

from common.app.values import Money
from common.errors import ForbiddenError
from common.inputs import parse_id
from subgraphs.inventory import domain
from subgraphs.inventory.api.context import Info
from subgraphs.inventory.domain import ReservationState

strawberry.enum(
    ReservationState,
    description="A reservation is HELD once, and then ends once in one of the others.",
)


@strawberry.type(description="Pieces of one product.")
class StockLevel:
    on_hand: int = strawberry.field(description="In the house, whoever they are promised to.")
    reserved: int = strawberry.field(description="Held by reservations that wait for their payment.")
    committed: int = strawberry.field(description="Sold.")
    available: int = strawberry.field(description="Free to be reserved.")

    @classmethod
    def of(cls, level: domain.StockLevel) -> "StockLevel":
        return cls(
            on_hand=level.on_hand,
            reserved=level.reserved,
            committed=level.committed,
            available=level.available,
        )


@strawberry.federation.type(keys=["id", "sku"], description="Something that is sold.")
class Product:
    id: strawberry.ID
    sku: str = strawberry.field(description="The stock keeping unit, which names the product for people.")
    name: str
    description: str
    category: str
    price: Money
    product: strawberry.Private[domain.Product]

    @strawberry.field(description="The pieces that there are now.")
    async def stock(self, info: Info) -> StockLevel:
        level = await info.context.loaders.level.load(self.product.id)
        assert level is not None, "a product is created together with its level"
        return StockLevel.of(level)

    @classmethod
    def of(cls, product: domain.Product) -> "Product":
        return cls(
            id=strawberry.ID(str(product.id)),
            sku=product.sku,
            name=product.name,
            description=product.description,
            category=product.category,
            price=Money.of(product.price),
            product=product,
        )

    @classmethod
    async def load(cls, info: Info, *, id_: str | None, sku: str | None) -> "Product | None":
        """The product of that id or else of that SKU, by the request's loader."""
        key = parse_id(id_) if id_ is not None else sku
        found = await info.context.loaders.product.load(key) if key else None
        return cls.of(found) if found else None

    @classmethod
    async def resolve_reference(
        cls,
        info: Info,
        id: strawberry.ID | None = None,  # noqa: A002 - the key field's name
        sku: str | None = None,
    ) -> "Product | None":
        return await cls.load(info, id_=id, sku=sku)


@strawberry.federation.type(
    keys=["id"], description="Pieces of a product held for someone; only they see it."
)
class Reservation:
    id: strawberry.ID
    state: ReservationState
    quantity: int
    total: Money = strawberry.field(description="Pieces times the price when they were reserved.")
    expires_at: datetime = strawberry.field(description="When a reservation that is still HELD ends.")
    created_at: datetime
    reservation: strawberry.Private[domain.Reservation]

    @strawberry.field(description="What is reserved.")
    async def product(self, info: Info) -> Product:
        product = await info.context.loaders.product.load(self.reservation.product_id)
        assert product is not None, "a reservation refers to a product that exists"
        return Product.of(product)

    @strawberry.field(description="Whom it is held for.")
    def owner(self) -> "User":
        return User(id=strawberry.ID(self.reservation.owner_id))

    @classmethod
    def of(cls, reservation: domain.Reservation) -> "Reservation":
        return cls(
            id=strawberry.ID(str(reservation.id)),
            state=reservation.state,
            quantity=reservation.quantity,
            total=Money.of(reservation.total),
            expires_at=reservation.expires_at,
            created_at=reservation.created_at,
            reservation=reservation,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Reservation | None":  # noqa: A002 - the key field's name
        """The caller's own reservation of that id; another's is as absent as none."""
        parsed = parse_id(id)
        found = await info.context.loaders.reservation.load(parsed) if parsed else None
        return cls.of(found) if found and info.context.is_caller(found.owner_id) else None


@strawberry.federation.type(keys=["id"], extend=True)
class User:
    id: strawberry.ID

    @strawberry.field(description="The newest reservations first; only one's own.")
    async def reservations(self, info: Info, first: int = 20) -> list[Reservation] | None:
        if not info.context.is_caller(self.id):
            raise ForbiddenError("Only the user may see these reservations")
        found = await info.context.loaders.reservations_of.load(self.id, first)
        return [Reservation.of(reservation) for reservation in found]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":  # noqa: A002 - the key field's name
        return cls(id=id)
