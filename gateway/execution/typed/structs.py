"""The msgspec structs of one operation: what its fetches decode and what is encoded in the end.

An object is decoded into the struct that is later encoded: its members stand in the operation's order, those that
another fetch fills are unset until then, and those that are only fetched are unset again before it is encoded.
"""

from typing import Any, Literal

from msgspec import UNSET, Raw, Struct, UnsetType, defstruct

from gateway.execution.typed.shape import Member, Objects, Provider, Variant

NULL = Raw(b"null")


class Structs:
    """Makes the struct of each variant once."""

    def __init__(self) -> None:
        self._made: dict[int, type[Struct]] = {}

    def object(self, variant: Variant, provider: Provider | None) -> type[Struct]:
        """The struct of an object that `provider` brings, with room for what others fill."""
        made = self._made.get(id(variant))
        if made is None:
            members = list(variant.members.values())
            fields = [self._field(member, provider) for member in members]
            made = self._made[id(variant)] = _define(variant.type_name, members, fields)
        return made

    def part(self, variant: Variant, provider: Provider) -> type[Struct]:
        """The struct of what `provider` alone answers of an object."""
        members = [member for member in variant.members.values() if member.provider == provider]
        return _define(variant.type_name, members, [self._field(member, provider) for member in members])

    def answer(self, variant: Variant) -> type[Struct]:
        """The struct of what the client sees of an object, whoever has answered it."""
        members = [member for member in variant.members.values() if member.visible]
        return _define(variant.type_name, members, [self._field(member, None) for member in members])

    def _field(self, member: Member, provider: Provider | None) -> tuple[str, Any] | tuple[str, Any, Any]:
        if member.constant is not None:
            return member.attribute, Literal[member.constant] | UnsetType, member.constant
        if member.provider != provider:
            return member.attribute, Any | UnsetType, UNSET
        return member.attribute, self._type(member)

    def _type(self, member: Member) -> Any:
        *lists, last = member.nullable
        found: Any
        if member.objects is None:
            found = member.leaf
        elif member.objects.is_kept:
            found = Raw
        else:
            found = self.object(_only(member.objects), member.provider)
        if last and found is not Raw:  # raw bytes may be those of a null
            found |= None
        for nullable in reversed(lists):
            found = list_of(found) | None if nullable else list_of(found)
        return found


def _only(objects: Objects) -> Variant:
    (variant,) = objects.variants.values()
    return variant


def _define(name: str, members: list[Member], fields: list[Any]) -> type[Struct]:
    rename = {member.attribute: member.key for member in members}
    return defstruct(name, fields, rename=rename, kw_only=True, gc=False)


def list_of(item: Any) -> Any:
    """The type of a list, for an item type that is known at run time only."""
    return list.__class_getitem__(item)


def envelope(data: Any) -> type[Struct]:
    """A response whose `data` is of that type; `errors` are only looked for."""
    return defstruct("Response", [("data", data), ("errors", Raw | UnsetType, UNSET)], gc=False)


def nothing(part: type[Struct], members: list[Member]) -> Struct | None:
    """What stands for an entity that is null; None where some member must not be null, or is only fetched."""
    if not all(member.visible and member.nullable[0] for member in members):
        return None
    return part(**{member.attribute: NULL if is_raw(member) else None for member in members})


def is_raw(member: Member) -> bool:
    """Whether the member itself, and not what its lists hold, is kept as bytes."""
    return len(member.nullable) == 1 and member.objects is not None and member.objects.is_kept
