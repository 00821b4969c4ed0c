"""Products with their variants: found, listed, added."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from common.database import Transaction
from subgraphs.inventory.domain.catalogue import Article, Money, Product, ProductPosition, Variant
from subgraphs.inventory.domain.limits import PurchaseLimit
from subgraphs.inventory.domain.stock import Bucket, Movement, Place, Reason
from subgraphs.inventory.store.stock import add_levels, record

_PRODUCT: Final = """
    SELECT product.id, name, description, category, variants.facts AS variants
    FROM product, LATERAL (
        SELECT json_agg(
            json_build_array(id, sku, title, price_amount, currency, limit_pieces, limit_seconds) ORDER BY position
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
    SELECT product_id, id, sku, title, price_amount, currency, limit_pieces, limit_seconds FROM variant
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
LOCK_SKU: Final = text("SELECT pg_advisory_xact_lock(hashtext('inventory sku'), hashtext(:sku))")


async def find_products(transaction: Transaction, keys: Sequence[UUID | str]) -> dict[UUID | str, Product]:
    """The products whose id, or a SKU of which, is among `keys`, by both."""
    rows = await transaction.execute(FIND_PRODUCTS, _keys(keys))
    found = [_product(row) for row in rows]
    by_sku = {variant.sku: product for product in found for variant in product.variants}
    return {product.id: product for product in found} | by_sku


async def find_variants(transaction: Transaction, keys: Sequence[UUID | str]) -> dict[UUID | str, Variant]:
    """The variants whose id or whose SKU is among `keys`, by both."""
    rows = await transaction.execute(FIND_VARIANTS, _keys(keys))
    found = [_variant(row.product_id, row[1:]) for row in rows]
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
        KeyError: the product that it is to join is not there.
    """
    variant_id = await _add_article(transaction, article)
    if variant_id is not None and article.pieces:
        await _deliver(transaction, Place.of(variant_id, article.warehouse), article.pieces)


async def add_variant(
    transaction: Transaction, *, beside: str, sku: str, title: str, price: Money
) -> UUID | None:
    """Another form of the product that the SKU `beside` is of, without pieces; None when its SKU is there already."""
    product = (await find_variants(transaction, [beside]))[beside].product_id
    return await _add(transaction, product, sku, title, price)


async def _add_article(transaction: Transaction, article: Article) -> UUID | None:
    """The article's variant; None when it is there already. Transactions that add one SKU take turns."""
    await transaction.execute(LOCK_SKU, {"sku": article.sku})
    if await find_variants(transaction, [article.sku]):
        return None
    if article.beside is not None:
        return await add_variant(
            transaction,
            beside=article.beside,
            sku=article.sku,
            title=article.title,
            price=article.price,
        )
    facts = {"name": article.name, "description": article.description, "category": article.category}
    product_id = (await transaction.execute(ADD_PRODUCT, facts)).scalar_one()
    return await _add(transaction, product_id, article.sku, article.title, article.price)


async def _add(transaction: Transaction, product_id: UUID, sku: str, title: str, price: Money) -> UUID | None:
    cost = {"price_amount": price.amount, "currency": price.currency}
    facts = {"product_id": product_id, "sku": sku, "title": title, **cost}
    added: UUID | None = (await transaction.execute(ADD_VARIANT, facts)).scalar_one_or_none()
    await transaction.execute(INDEX_WORDS, {"product_id": product_id})
    return added


async def _deliver(transaction: Transaction, place: Place, pieces: int) -> None:
    await add_levels(transaction, [place])
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
        variants=tuple(_variant(row.id, (UUID(id_), *facts)) for id_, *facts in row.variants or ()),
    )


def _variant(product_id: UUID, facts: Iterable[Any]) -> Variant:
    id_, sku, title, amount, currency, limit_pieces, limit_seconds = facts
    return Variant(
        id=id_,
        product_id=product_id,
        sku=sku,
        title=title,
        price=Money(amount, currency),
        limit=None if limit_pieces is None else PurchaseLimit(limit_pieces, limit_seconds),
    )
