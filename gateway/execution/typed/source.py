"""Python source for what is done to each object: written for its operation, so that it names members and loops plainly.

    def gather(parents, numbers, cells, decode):
        found, holders = [], []
        for v0 in parents:
            v1 = v0.f3
            if v1 is not None:
                for v2 in v1:
                    if v2 is not None:
                        key = encode(v2.f0)
                        number = numbers.get(key)
                        if number is None:
                            number = numbers[key] = len(cells)
                            cells.append(decode(key))
                        found.append(number)
                        holders.append(v2)
        return found, holders

Names of the operation do not occur in it: attributes are numbered.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct

from gateway.execution.typed.shape import Member, Unfit

MAX_LOOPS = 8
"""How deep loops nest in one function; the compiler takes twenty blocks."""

encode = msgspec.json.Encoder().encode

Gather = Callable[
    [list[Any], dict[bytes, int], list[Any], Callable[[bytes], Any]], tuple[list[int], list[Any]]
]
Represent = Callable[[list[Any], dict[bytes, int], list[bytes]], list[int]]
Fill = Callable[[list[Any], list[int], Sequence[Any]], None]
PutBack = Callable[[list[Any], list[int], Sequence[Any]], None]
Hide = Callable[[list[Any]], None]


class _Loops:
    """Lines that walk from the objects `v0` along members, indented as deep as their loops."""

    def __init__(self, first: str) -> None:
        self.lines = [f" for v0 in {first}:"]
        self.value = "v0"
        self._number = 0
        self._indent = 2

    def add(self, line: str) -> None:
        self.lines.append(" " * self._indent + line)

    def enter(self, member: Member, lists: int) -> None:
        """Into the member and `lists` of the lists that it is."""
        self._assign(f"{self.value}.{member.attribute}", nullable=member.nullable[0])
        for level in range(lists):
            self._number += 1
            self.add(f"for v{self._number} in {self.value}:")
            self._indent += 1
            self.value = f"v{self._number}"
            self._skip_null(nullable=member.nullable[level + 1])

    def _assign(self, value: str, *, nullable: bool) -> None:
        self._number += 1
        self.add(f"v{self._number} = {value}")
        self.value = f"v{self._number}"
        self._skip_null(nullable=nullable)

    def _skip_null(self, *, nullable: bool) -> None:
        if nullable:
            self.add(f"if {self.value} is not None:")
            self._indent += 1


def gather(chain: Sequence[Member]) -> Gather:
    """Finds the raw objects at the end of the members; numbers those that differ, and remembers what holds each.

    What holds them is the innermost list, or the object with the member itself.
    """
    *through, last = chain
    lists = len(last.nullable) - 1
    if sum(len(member.nullable) for member in chain) > MAX_LOOPS:
        raise Unfit("too many lists in one another")
    loops = _Loops("parents")
    for member in through:
        loops.enter(member, len(member.nullable) - 1)
    if lists:
        loops.enter(last, lists - 1)
        loops.add(f"holders.append({loops.value})")
        loops.add(f"for raw in {loops.value}:")
        inner, raw = " ", "raw"
    else:
        loops.add(f"holders.append({loops.value})")
        inner, raw = "", f"{loops.value}.{last.attribute}"
    for line in (
        f"key = encode({raw})",
        "number = numbers.get(key)",
        "if number is None:",
        " number = numbers[key] = len(cells)",
        " cells.append(decode(key))",
        "found.append(number)",
    ):
        loops.add(inner + line)
    made: Gather = _function(
        "gather(parents, numbers, cells, decode)",
        [" found, holders = [], []", *loops.lines, " return found, holders"],
        encode=encode,
    )
    return made


def put_back(last: Member) -> PutBack:
    """Puts finished values to where the raw ones were found."""
    if len(last.nullable) == 1:
        lines = [
            " for holder, number in zip(holders, found):",
            f"  holder.{last.attribute} = values[number]",
        ]
    else:
        lines = [
            " start = 0",
            " for holder in holders:",
            "  end = start + len(holder)",
            "  holder[:] = [values[number] for number in found[start:end]]",
            "  start = end",
        ]
    made: PutBack = _function("put_back(holders, found, values)", lines)
    return made


class Required(NamedTuple):
    """A member that a representation reads.

    It may have to be no null; it may be filled by another fetch than the one that brings the object; `read` takes of
    a composite one what is required.
    """

    member: Member
    non_null: bool
    is_late: bool
    read: Callable[[Any], Any] | None


def represent(record: type[Struct], required: Sequence[Required]) -> Represent:
    """Encodes the representation of each object, without duplicates."""
    checks = [f"c.{each.member.attribute} is None" for each in required if each.non_null]
    checks += [f"c.{each.member.attribute} is UNSET" for each in required if each.is_late]
    values = [
        f"c.{each.member.attribute}" if each.read is None else f"read{number}(c.{each.member.attribute})"
        for number, each in enumerate(required)
    ]
    lines = [" index = []", " for c in objects:"]
    if checks:
        lines.append(f"  if {' or '.join(checks)}: raise Unfit('a representation that cannot be made')")
    lines += [
        f"  key = encode(record({', '.join(values)}))",
        "  number = numbers.get(key)",
        "  if number is None:",
        "   number = numbers[key] = len(encoded)",
        "   encoded.append(key)",
        "  index.append(number)",
        " return index",
    ]
    names: dict[str, Any] = {f"read{number}": each.read for number, each in enumerate(required)}
    names |= {"encode": encode, "record": record, "UNSET": UNSET, "Unfit": Unfit}
    made: Represent = _function("represent(objects, numbers, encoded)", lines, **names)
    return made


def fill(members: Sequence[Member]) -> Fill:
    """Gives each object the members that its entity has."""
    moves = [f"  c.{member.attribute} = e.{member.attribute}" for member in members] or ["  pass"]
    lines = [" for c, number in zip(objects, index):", "  e = entities[number]", *moves]
    made: Fill = _function("fill(objects, index, entities)", lines)
    return made


def hide(members: Sequence[Member]) -> Hide | None:
    """Takes away what was only fetched."""
    if not members:
        return None
    lines = [" for c in objects:", *[f"  c.{member.attribute} = UNSET" for member in members]]
    made: Hide = _function("hide(objects)", lines, UNSET=UNSET)
    return made


def _function(head: str, lines: Sequence[str], **names: Any) -> Any:
    namespace = dict(names)
    exec(_compile("\n".join([f"def {head}:", *lines])), namespace)  # noqa: S102 - no name in it is anybody's but ours
    return namespace[head.partition("(")[0]]


@lru_cache(maxsize=512)
def _compile(source: str) -> CodeType:
    return compile(source, "<typed execution>", "exec")
