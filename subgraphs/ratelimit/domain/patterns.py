"""Patterns for texts, in which `*` stands for any characters; and looking up what belongs to the one that fits best."""

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

from common.inputs import InvalidInputError

LONGEST = 256
_STARS = 4

T = TypeVar("T")


def compile_pattern(text: str) -> re.Pattern[str]:
    """What the pattern matches as a whole."""
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)


def check_pattern(field: str, text: str) -> str:
    """Return `text`, or raise InvalidInputError unless it is a pattern that is matched quickly."""
    if not 1 <= len(text) <= LONGEST or not text.isprintable() or text.count("*") > _STARS:
        raise InvalidInputError(
            field, f"must be 1 to {LONGEST} printable characters with at most {_STARS} stars"
        )
    return text


class Patterns(Generic[T]):
    """Values by pattern: one without a star goes before one with, a longer one before a shorter.

    However many there are, a look-up is one in a dictionary for those without a star, and one for each length of those whose only
    star is at their end. Others are tried one by one.
    """

    def __init__(self, values: Iterable[tuple[str, T]]) -> None:
        self._whole: dict[str, T] = {}
        lengths: dict[int, _OfLength[T]] = {}
        for text, value in values:
            if "*" in text:
                lengths.setdefault(len(text), _OfLength(len(text))).add(text, value)
            else:
                self._whole[text] = value
        self._lengths = [lengths[length] for length in sorted(lengths, reverse=True)]

    def find(self, text: str) -> T | None:
        """The value of the pattern that fits `text` best, None if none fits."""
        found = self._whole.get(text)
        if found is not None:
            return found
        fitting = (of_length.find(text) for of_length in self._lengths)
        return next((value for value in fitting if value is not None), None)


class _OfLength(Generic[T]):
    """The patterns with stars that have one length."""

    def __init__(self, length: int) -> None:
        self._prefix_length = length - 1
        self._prefixes: dict[str, T] = {}
        self._others: list[tuple[re.Pattern[str], T]] = []

    def add(self, text: str, value: T) -> None:
        if text.index("*") == self._prefix_length:
            self._prefixes[text[:-1]] = value
        else:
            self._others.append((compile_pattern(text), value))

    def find(self, text: str) -> T | None:
        if len(text) >= self._prefix_length:
            found = self._prefixes.get(text[: self._prefix_length])
            if found is not None:
                return found
        return next((value for wanted, value in self._others if wanted.fullmatch(text)), None)
