"""The fetches of one operation, compiled to run on typed answers.

A fetch that fails, or whose answer is not just what was asked for, makes the run unfit: it raises nothing, and what
was sent stays recorded for the general path.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, defstruct

from gateway.execution.context import Execution
from gateway.execution.errors import FetchError
from gateway.execution.representations import compile_nested_value
from gateway.execution.request import compile_body, send_recorded
from gateway.execution.runner import Runner
from gateway.execution.typed import source
from gateway.execution.typed.keeping import Keeper, Kept
from gateway.execution.typed.placing import Place, required_fields
from gateway.execution.typed.shape import ROOT_FETCH, Member, Provider, Unfit, Variant
from gateway.execution.typed.structs import Structs, envelope, list_of, nothing
from gateway.planning.plan import Fetch, RequiredField

MISFITS = (Unfit, FetchError, msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Run:
    """One run: the answers at the root by the number of their fetch, and what is kept by the number of its position."""

    __slots__ = ("execution", "is_unfit", "kept", "roots", "variables")

    def __init__(self, execution: Execution, positions: int) -> None:
        self.execution = execution
        self.variables = execution.variables
        self.is_unfit = False
        self.roots: dict[int, Any] = {}
        self.kept: list[Kept] = [_NOTHING] * positions


_NOTHING = Kept([], [], [])


class Keeping:
    """The positions that one provider brings, in order."""

    def __init__(self, keepers: Sequence[Keeper], provider: Provider) -> None:
        self._numbered = [(n, keeper) for n, keeper in enumerate(keepers) if keeper.provider == provider]
        self._keepers = keepers

    def keep(self, run: Run, root: Any) -> None:
        for number, keeper in self._numbered:
            if keeper.parent is None or keeper.variant is None:
                parents = [root]
            else:
                parent = self._keepers[keeper.parent]
                parents = parent.of_variant(run.kept[keeper.parent], keeper.variant.type_name)
            run.kept[number] = keeper.keep(parents)


def compile_root_fetch(
    fetch: Fetch, root: Variant, structs: Structs, keepers: Sequence[Keeper]
) -> Runner[Run]:
    provider = (fetch.id, ROOT_FETCH)
    encode_body = compile_body(fetch)
    decode = msgspec.json.Decoder(envelope(structs.part(root, provider))).decode
    keeping = Keeping(keepers, provider)

    async def run(run: Run) -> None:
        if run.is_unfit:
            return
        try:
            response = await send_recorded(fetch, encode_body(run.variables, ()), run.execution)
            answer: Any = decode(response.body)
            if answer.errors is not UNSET:
                raise Unfit("errors")
            run.roots[fetch.id] = answer.data
            keeping.keep(run, answer.data)
        except MISFITS:
            run.is_unfit = True

    return run


def compile_entity_fetch(
    fetch: Fetch,
    places: Sequence[Sequence[Place]],
    structs: Structs,
    keepers: Sequence[Keeper],
) -> Runner[Run]:
    encode_body = compile_body(fetch)
    entities = [Entities((fetch.id, index), at, structs, keepers) for index, at in enumerate(places)]
    fields = [(f"e{index}", entity.annotation) for index, entity in enumerate(entities)]
    names = {f"e{index}": entity.alias for index, entity in enumerate(fetch.entities)}
    decode = msgspec.json.Decoder(envelope(defstruct("Entities", fields, rename=names, gc=False))).decode

    async def run(run: Run) -> None:
        if run.is_unfit:
            return
        try:
            wanted = [each.represent(run) for each in entities]
            if not any(encoded for encoded, _ in wanted):
                return
            lists = [b"[" + b",".join(encoded) + b"]" for encoded, _ in wanted]
            response = await send_recorded(fetch, encode_body(run.variables, lists), run.execution)
            answer: Any = decode(response.body)
            if answer.errors is not UNSET:
                raise Unfit("errors")
            for index, (each, asked) in enumerate(zip(entities, wanted, strict=True)):
                each.fill(run, asked, getattr(answer.data, f"e{index}"))
        except MISFITS:
            run.is_unfit = True

    return run


Asked = tuple[list[bytes], list[tuple[list[Any], list[int]]]]
"""Representations, and for each place its objects with the numbers of theirs."""


class Entities:
    """One `_entities` field of a fetch. Entities that several kinds of objects share stay raw until each reads its own."""

    def __init__(
        self,
        provider: Provider,
        places: Sequence[Place],
        structs: Structs,
        keepers: Sequence[Keeper],
    ) -> None:
        self._places = [_EntityPlace(place, provider, structs, keepers) for place in places]
        self._keeping = Keeping(keepers, provider)
        self._is_raw = len(places) != 1
        self.annotation: Any = list_of(Raw if self._is_raw else self._places[0].annotation)

    def represent(self, run: Run) -> Asked:
        encoded: list[bytes] = []
        numbers: dict[bytes, int] = {}
        return encoded, [place.represent(run, numbers, encoded) for place in self._places]

    def fill(self, run: Run, asked: Asked, answered: list[Any]) -> None:
        encoded, wanted = asked
        if len(answered) != len(encoded):
            raise Unfit("another number of entities")
        for place, (objects, index) in zip(self._places, wanted, strict=True):
            place.fill(objects, index, answered, is_raw=self._is_raw)
        self._keeping.keep(run, None)


class _EntityPlace:
    """Entities for the objects of one variant at one position."""

    def __init__(self, place: Place, provider: Provider, structs: Structs, keepers: Sequence[Keeper]) -> None:
        members = [m for m in place.variant.members.values() if m.provider == provider]
        part = structs.part(place.variant, provider)
        self._nothing = nothing(part, members)
        self.annotation: Any = part if self._nothing is None else part | None
        self._position, self._keeper = next(
            (number, keeper) for number, keeper in enumerate(keepers) if keeper.objects is place.objects
        )
        self._type_name = place.variant.type_name
        self._decode = msgspec.json.Decoder(self.annotation).decode
        self._fill = source.fill(members)
        self._represent = _compile_represent(place, self._keeper.provider)

    def represent(
        self, run: Run, numbers: dict[bytes, int], encoded: list[bytes]
    ) -> tuple[list[Any], list[int]]:
        objects = self._keeper.of_variant(run.kept[self._position], self._type_name)
        return objects, self._represent(objects, numbers, encoded)

    def fill(self, objects: list[Any], index: list[int], answered: list[Any], *, is_raw: bool) -> None:
        if is_raw:
            own: list[Any] = [None] * len(answered)
            for number in set(index):
                own[number] = self._decode(answered[number])
        else:
            own = answered
        if self._nothing is not None:
            own = [self._nothing if entity is None else entity for entity in own]
        self._fill(objects, index, own)


def _compile_represent(place: Place, brings: Provider) -> source.Represent:
    representation = place.representation
    required = []
    for field in required_fields(representation):
        member = place.variant.members[field.source]
        non_null = field.name in representation.non_null
        read = _compile_read(field, member, non_null=non_null) if field.selections else None
        required.append(source.Required(member, non_null, member.provider != brings, read))
    names = [field.name for field in required_fields(representation)]
    return source.represent(_record(representation.typename or place.variant.type_name, names), required)


def _compile_read(field: RequiredField, member: Member, *, non_null: bool) -> Callable[[Any], Any]:
    """Reads what is required of a composite member, which is raw unless the client does not see it."""
    nested = compile_nested_value(field)
    decode = msgspec.json.decode

    def read(value: Any) -> Any:
        try:
            required = nested(value if member.objects is None else decode(source.encode(value)))
        except LookupError:
            raise Unfit("a representation that cannot be made") from None
        if required is None and non_null:
            raise Unfit("a representation that cannot be made")
        return required

    return read


def _record(typename: str, names: Sequence[str]) -> type[Struct]:
    fields = [(f"f{number}", Any) for number in range(len(names))]
    rename = {f"f{number}": name for number, name in enumerate(names)}
    return defstruct("Representation", fields, tag_field="__typename", tag=typename, rename=rename, gc=False)
