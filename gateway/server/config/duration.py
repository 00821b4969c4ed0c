"""Durations as Apollo Router writes them: `30s`, `500ms`, `1m 30s`."""

import re
from typing import Self

_UNITS = {
    "ms": 0.001,
    "millis": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "m": 60.0,
    "min": 60.0,
    "mins": 60.0,
    "h": 3600.0,
}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")


class Duration(float):
    """Seconds, parsed from text with units.

    Raises ValueError where the text is no duration or is not above zero.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        total, end = 0.0, 0
        while part := _PART.match(text, end):
            number, unit = part.groups()
            if unit not in _UNITS:
                break
            total, end = total + float(number) * _UNITS[unit], part.end()
        if end != len(text) or total <= 0:
            raise ValueError(f"Expected a duration such as `30s`, `500ms` or `1m 30s`, got `{text}`")
        return cls(total)
