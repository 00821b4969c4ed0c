"""Named fragments for the selection sets that a request repeats, where they make its text shorter."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

_Key: TypeAlias = tuple[str, str]


class Block(NamedTuple):
    """A selection set on a type: its text, and what the text is made of.

    A part is the head of a field with its own block if it has one, or `...on T` with the block of that fragment.
    """

    type_name: str
    text: str
    parts: "tuple[tuple[str, Block | None], ...]"

    @classmethod
    def of(cls, type_name: str, parts: "Sequence[tuple[str, Block | None]]") -> "Block":
        texts = (head if inner is None else head + inner.text for head, inner in parts)
        return cls(type_name, f"{{{' '.join(texts)}}}", tuple(parts))

    @property
    def key(self) -> _Key:
        return self.type_name, self.text


def shortened(blocks: Sequence[Block], may_have_fragments: Callable[[str], bool]) -> tuple[list[str], str]:
    """The texts of `blocks`, and the definitions of the fragments that they spread: together the shortest.

    A type has fragments only where `may_have_fragments` says so of its name.
    """
    plain = [block.text for block in blocks]
    counts = _counts(blocks)
    repeated = {key for key, count in counts.items() if may_have_fragments(key[0]) and _saved(key, count) > 0}
    if not repeated:
        return plain, ""
    writer = _Writer(repeated)
    texts = [writer.text(block) for block in blocks]
    definitions = "".join(writer.definitions.values())
    is_shorter = len("".join(texts)) + len(definitions) < len("".join(plain))
    return (texts, definitions) if is_shorter else (plain, "")


def _counts(blocks: Sequence[Block]) -> dict[_Key, int]:
    """How often each block stands in the others; what is inside a repeated one counts once."""
    found: dict[_Key, int] = {}
    waiting = list(blocks)
    while waiting:
        for _, inner in waiting.pop().parts:
            if inner is not None:
                count = found[inner.key] = found.get(inner.key, 0) + 1
                if count == 1:
                    waiting.append(inner)
    return found


def _saved(key: _Key, count: int) -> int:
    """The characters that a fragment saves, with a name of two."""
    type_name, text = key
    return count * (len(text) - len("{...F0}")) - len(f"fragment F0 on {type_name}{text}")


class _Writer:
    """Writes blocks; the definitions stand in the order in which the fragments are spread first."""

    def __init__(self, repeated: set[_Key]) -> None:
        self._repeated = repeated
        self._names: dict[_Key, str] = {}
        self.definitions: dict[str, str] = {}

    def text(self, block: Block) -> str:
        return f"{{{' '.join(self._part(head, inner) for head, inner in block.parts)}}}"

    def _part(self, head: str, inner: Block | None) -> str:
        if inner is None:
            return head
        if inner.key not in self._repeated:
            return head + self.text(inner)
        spread = f"...{self._name(inner)}"
        return spread if head.startswith("...") else f"{head}{{{spread}}}"

    def _name(self, block: Block) -> str:
        name = self._names.get(block.key)
        if name is None:
            name = self._names[block.key] = f"F{len(self._names)}"
            self.definitions[name] = ""
            self.definitions[name] = f"fragment {name} on {block.type_name}{self.text(block)}"
        return name
