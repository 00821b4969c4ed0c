"""Which warehouses a demand is served from: guarantee 11 of inventory's README."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from subgraphs.inventory.domain.allocation import allocate
from subgraphs.inventory.domain.stock import Place, PlaceLevel

MUG, ROPE = UUID(int=1), UUID(int=2)


def levels(*rows: tuple[UUID, str, int, int]) -> list[PlaceLevel]:
    return [PlaceLevel(Place.of(variant, name), priority, pieces) for variant, name, priority, pieces in rows]


def served(demand: dict[UUID, int], found: list[PlaceLevel]) -> dict[tuple[UUID, str], int] | None:
    allocations = allocate(demand, found)
    if allocations is None:
        return None
    return {(each.place.variant_id, each.place.warehouse): each.quantity for each in allocations}


def test_the_first_warehouse_that_has_all_of_it_serves_all_of_it() -> None:
    found = levels((MUG, "A", 1, 9), (MUG, "B", 2, 3), (MUG, "C", 3, 9), (ROPE, "B", 2, 3), (ROPE, "C", 3, 9))
    assert served({MUG: 3, ROPE: 3}, found) == {(MUG, "B"): 3, (ROPE, "B"): 3}
    assert served({MUG: 5}, found) == {(MUG, "A"): 5}


def test_else_each_variant_comes_from_one_warehouse_if_one_has_it() -> None:
    found = levels((MUG, "A", 1, 2), (MUG, "B", 2, 5), (ROPE, "A", 1, 5), (ROPE, "B", 2, 1))
    assert served({MUG: 4, ROPE: 4}, found) == {(MUG, "B"): 4, (ROPE, "A"): 4}


def test_else_the_fullest_come_first_so_that_few_are_needed() -> None:
    found = levels((MUG, "A", 1, 1), (MUG, "B", 2, 2), (MUG, "C", 3, 5))
    assert served({MUG: 6}, found) == {(MUG, "C"): 5, (MUG, "B"): 1}


def test_too_little_is_none() -> None:
    assert served({MUG: 4, ROPE: 1}, levels((MUG, "A", 1, 3), (ROPE, "A", 1, 9))) is None
    assert served({MUG: 1}, []) is None


places = st.builds(
    lambda variant, name, slot, pieces: PlaceLevel(Place.of(variant, name, slot), ord(name), pieces),
    st.sampled_from([MUG, ROPE]),
    st.sampled_from("ABC"),
    st.integers(0, 3),
    st.integers(0, 5),
)


@given(
    st.dictionaries(st.sampled_from([MUG, ROPE]), st.integers(1, 20), min_size=1),
    st.lists(places, unique_by=lambda level: level.place),
)
def test_a_demand_is_met_exactly_wherever_it_can_be(demand: dict[UUID, int], found: list[PlaceLevel]) -> None:
    allocations = allocate(demand, found)
    there = {
        variant: sum(each.sellable for each in found if each.place.variant_id == variant)
        for variant in demand
    }
    assert (allocations is None) == any(there[variant] < demand[variant] for variant in demand)
    sellable = {level.place: level.sellable for level in found}
    for each in allocations or ():
        assert 0 < each.quantity <= sellable[each.place]
    for variant in demand if allocations is not None else ():
        assert (
            sum(each.quantity for each in allocations or () if each.place.variant_id == variant)
            == demand[variant]
        )
