"""Sizes as Apollo Router writes them: `1mb`, `512 KiB`, or a number of bytes."""

import re
from typing import Self

_UNITS = {"": 1, "b": 1}
_UNITS |= {f"{prefix}b": 1000**power for power, prefix in enumerate("kmgt", 1)}
_UNITS |= {f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgt", 1)}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


class ByteSize(int):
    """Bytes, parsed from text with a unit. Raises ValueError where the text is no size or is not above zero."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        match = _SIZE.fullmatch(text.strip().lower())
        size = float(match[1]) * _UNITS.get(match[2], 0) if match else 0
        if size < 1:
            raise ValueError(f"Expected a size such as `1mb` or `512KiB`, got `{text}`")
        return cls(size)
