"""What a cart needs of each variant when some of its lines are bundles of others."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from subgraphs.inventory.domain.reservations import Line, Shortage

Parts = Mapping[UUID, Mapping[UUID, int]]
"""Of each bundle, how many of which variants one is made of."""


def needed(lines: Sequence[Line], parts: Parts) -> dict[UUID, int]:
    """Pieces of each variant that has pieces, summed over all lines: a mug alone and one in a bundle are two mugs."""
    sums: Counter[UUID] = Counter()
    for line in lines:
        for variant_id, each in _made_of(line, parts).items():
            sums[variant_id] += each * line.quantity
    return dict(sums)


def shortages(lines: Sequence[Line], parts: Parts, sellable: Mapping[UUID, int]) -> tuple[Shortage, ...]:
    """The lines that have a part in what is short, each with what there would be for it alone."""
    short = {id_ for id_, quantity in needed(lines, parts).items() if sellable.get(id_, 0) < quantity}
    return tuple(
        Shortage(line.sku, line.quantity, min(sellable.get(id_, 0) // each for id_, each in made_of.items()))
        for line in lines
        for made_of in [_made_of(line, parts)]
        if made_of.keys() & short
    )


def _made_of(line: Line, parts: Parts) -> Mapping[UUID, int]:
    return parts.get(line.variant_id) or {line.variant_id: 1}
