"""Objects that are kept apart until their fetches are done, each different one once.

A response repeats itself: a list of reviews names few products many times. Where objects wait for entities they stay
bytes at first; equal bytes are one object, which is decoded, completed and encoded once, and its encoding put wherever
it was found. Objects that are found below one another are finished from the innermost to the outermost.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

from gateway.execution.typed import source
from gateway.execution.typed.shape import Member, Objects, Provider, Unfit, Variant
from gateway.execution.typed.structs import Structs


class Kept(NamedTuple):
    """What was found at one position.

    `cells` are the different objects, `found` their numbers in the order of the response, `holders` what held each,
    or the lists that held them.
    """

    cells: list[Any]
    found: list[int]
    holders: list[Any]


class Keeper:
    """One position whose objects are kept.

    `parent` is the number of the position that they are found below, `variant` the kind of objects there; None both
    below the root. `provider` is who brings them.
    """

    def __init__(
        self,
        objects: Objects,
        parent: int | None,
        variant: Variant | None,
        chain: list[Member],
        structs: Structs,
    ) -> None:
        last = chain[-1]
        assert last.provider is not None
        assert chain[0].provider is not None
        self.objects = objects
        self.parent = parent
        self.variant = variant
        self.provider: Provider = chain[0].provider
        self.classes = {
            name: structs.object(found, last.provider) for name, found in objects.variants.items()
        }
        self._chain = chain
        self._nullable = last.nullable[-1]

    def compile(self) -> None:
        """Makes the functions, once the structs of all positions are known."""
        self._gather = source.gather(self._chain)
        self._put_back = source.put_back(self._chain[-1])
        self._hide = [
            (self.classes[name], function)
            for name, variant in self.objects.variants.items()
            if (function := source.hide(variant.hidden)) is not None
        ]
        self._decode = self._decoder()

    def keep(self, parents: list[Any]) -> Kept:
        """Finds the objects below `parents`. Raises Unfit and what decoding raises."""
        cells: list[Any] = []
        numbers: dict[bytes, int] = {}
        if self._nullable:
            numbers[b"null"] = 0
            cells.append(None)
        found, holders = self._gather(parents, numbers, cells, self._decode)
        return Kept(cells, found, holders)

    def of_variant(self, kept: Kept, name: str) -> list[Any]:
        """The different objects of one variant."""
        if len(self.classes) == 1:
            return kept.cells[1:] if self._nullable else kept.cells
        wanted = self.classes[name]
        return [cell for cell in kept.cells if cell.__class__ is wanted]

    def finish(self, kept: Kept) -> None:
        """Puts the finished objects back: encoded where one stands in several places."""
        cells, found, holders = kept
        for wanted, hide in self._hide:
            hide([cell for cell in cells if cell.__class__ is wanted])
        repeated = len(found) > len(cells)
        values = [Raw(source.encode(cell)) for cell in cells] if repeated else cells
        self._put_back(holders, found, values)

    def _decoder(self) -> Callable[[bytes], Any]:
        decoders = {name: msgspec.json.Decoder(made).decode for name, made in self.classes.items()}
        if not self.objects.is_abstract:
            (decode,) = decoders.values()
            return decode
        read_typename = msgspec.json.Decoder(_Typename).decode

        def decode_variant(raw: bytes) -> Any:
            decode = decoders.get(read_typename(raw).typename)
            if decode is None:
                raise Unfit("an object of a type that is not expected")
            return decode(raw)

        return decode_variant


class _Typename(Struct, rename={"typename": "__typename"}, gc=False):
    typename: str


def keepers(root: Variant, structs: Structs) -> list[Keeper]:
    """Those of an operation, each after the one that it is found below."""
    found: list[Keeper] = []

    def add(parent: int | None, variant: Variant | None, below: Variant) -> None:
        for chain, objects in _kept_below(below, []):
            number = len(found)
            found.append(Keeper(objects, parent, variant, chain, structs))
            for inner in objects.variants.values():
                add(number, inner, inner)

    add(None, None, root)
    for keeper in found:
        keeper.compile()
    return found


def _kept_below(variant: Variant, chain: list[Member]) -> Iterator[tuple[list[Member], Objects]]:
    for member in variant.members.values():
        if member.objects is None:
            continue
        if member.objects.is_kept:
            yield [*chain, member], member.objects
        else:
            for inner in member.objects.variants.values():
                yield from _kept_below(inner, [*chain, member])
