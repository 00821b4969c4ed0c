"""Products with their variants: found, listed, added."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from common.database import Transaction
from subgraphs.inventory.domain.catalogue import Article, Money, Product, ProductPosition, Variant
from subgraphs.inventory.domain.stock import Bucket, Movement, Place, Reason
from subgraphs.inventory.store.stock import add_level, record

_PRODUCT: Final = """
    SELECT product.id, name, description, category, variants.facts AS variants
    FROM product, LATERAL (
        SELECT json_agg(
            json_build_array(id, sku, title, price_amount, currency) ORDER BY position
        ) AS facts
        FROM variant WHERE product_id = product.id
    ) variants
"""
FIND_PRODUCTS: Final = text(f"""{_PRODUCT}
    WHERE product.id = ANY(CAST(:ids AS uuid[])) OR product.id IN (
        SELECT product_id FROM variant WHERE sku = ANY(CAST(:skus AS text[]))
    )
""")  # noqa: S608 - a constant
LIST_PRODUCTS: Final = text(f"""{_PRODUCT}
    WHERE (CAST(:search AS text) IS NULL OR words @@ websearch_to_tsquery('english', CAST(:search AS text)))
      AND (CAST(:after_name AS text) IS NULL
           OR (name, product.id) > (CAST(:after_name AS text), CAST(:after_id AS uuid)))
    ORDER BY name, product.id LIMIT :limit
""")
FIND_VARIANTS: Final = text("""
    SELECT id, product_id, sku, title, price_amount, currency FROM variant
    WHERE id = ANY(CAST(:ids AS uuid[])) OR sku = ANY(CAST(:skus AS text[]))
""")
ADD_PRODUCT: Final = text("""
    INSERT INTO product (name, description, category) VALUES (:name, :description, :category) RETURNING id
""")
ADD_VARIANT: Final = text("""
    INSERT INTO variant (product_id, sku, title, position, price_amount, currency)
    SELECT :product_id, :sku, :title, coalesce(max(position), 0) + 1, :price_amount, :currency
    FROM variant WHERE product_id = :product_id
    ON CONFLICT (sku) DO NOTHING RETURNING id
""")
INDEX_WORDS: Final = text("""
    UPDATE product SET words = to_tsvector('english', concat_ws(' ', name, category, description, (
        SELECT string_agg(concat_ws(' ', sku, title), ' ') FROM variant WHERE product_id = product.id
    ))) WHERE id = :product_id
""")
REMOVE_PRODUCT: Final = text("DELETE FROM product WHERE id = :product_id")


async def find_products(transaction: Transaction, keys: Sequence[UUID | str]) -> dict[UUID | str, Product]:
    """The products whose id, or a SKU of which, is among `keys`, by both."""
    rows = await transaction.execute(FIND_PRODUCTS, _keys(keys))
    found = [_product(row) for row in rows]
    by_sku = {variant.sku: product for product in found for variant in product.variants}
    return {product.id: product for product in found} | by_sku


async def find_variants(transaction: Transaction, keys: Sequence[UUID | str]) -> dict[UUID | str, Variant]:
    """The variants whose id or whose SKU is among `keys`, by both."""
    rows = await transaction.execute(FIND_VARIANTS, _keys(keys))
    found = [
        Variant(
            id=row.id,
            product_id=row.product_id,
            sku=row.sku,
            title=row.title,
            price=Money(row.price_amount, row.currency),
        )
        for row in rows
    ]
    return {variant.id: variant for variant in found} | {variant.sku: variant for variant in found}


async def list_products(
    transaction: Transaction, *, limit: int, after: ProductPosition | None, search: str | None
) -> list[Product]:
    """Up to `limit` products behind `after`, in the catalogue's order; `search` as in a web search."""
    place = {"after_name": after and after.name, "after_id": after and after.id}
    rows = await transaction.execute(LIST_PRODUCTS, {"limit": limit, "search": search, **place})
    return [_product(row) for row in rows]


async def add_product(transaction: Transaction, article: Article) -> None:
    """Put an article with its first pieces into the catalogue, unless its SKU is there already.

    Raises:
        LookupError: the product that it is to join is not there.
    """
    if (await find_variants(transaction, [article.sku])).get(article.sku):
        return
    product_id = await _product_of(transaction, article)
    variant = {
        "product_id": product_id,
        "sku": article.sku,
        "title": article.title,
        "price_amount": article.price.amount,
        "currency": article.price.currency,
    }
    variant_id = (await transaction.execute(ADD_VARIANT, variant)).scalar_one_or_none()
    if variant_id is None:  # another transaction was first
        if article.beside is None:
            await transaction.execute(REMOVE_PRODUCT, {"product_id": product_id})
        return
    await transaction.execute(INDEX_WORDS, {"product_id": product_id})
    await _deliver(transaction, Place.of(variant_id, article.warehouse), article.pieces)


async def _product_of(transaction: Transaction, article: Article) -> UUID:
    if article.beside is not None:
        return (await find_variants(transaction, [article.beside]))[article.beside].product_id
    facts = {"name": article.name, "description": article.description, "category": article.category}
    product_id: UUID = (await transaction.execute(ADD_PRODUCT, facts)).scalar_one()
    return product_id


async def _deliver(transaction: Transaction, place: Place, pieces: int) -> None:
    await add_level(transaction, place)
    if pieces:
        delivery = Movement(
            place=place,
            source=Bucket.OUTSIDE,
            target=Bucket.AVAILABLE,
            quantity=pieces,
            reason=Reason.DELIVERED,
        )
        await record(transaction, [delivery])


def _keys(keys: Sequence[UUID | str]) -> dict[str, Any]:
    """By kind; without the SKUs that PostgreSQL cannot take."""
    ids = [key for key in keys if isinstance(key, UUID)]
    return {"ids": ids, "skus": [key for key in keys if isinstance(key, str) and "\0" not in key]}


def _product(row: Row[Any]) -> Product:
    return Product(
        id=row.id,
        name=row.name,
        description=row.description,
        category=row.category,
        variants=tuple(
            Variant(id=UUID(id_), product_id=row.id, sku=sku, title=title, price=Money(amount, currency))
            for id_, sku, title, amount, currency in row.variants or ()
        ),
    )
