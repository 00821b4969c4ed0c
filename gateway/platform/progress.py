"""What a start tells about itself while it goes on."""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, str], None]
"""Told a part's name and what becomes of it: `starting`, `ready`, `external`, `stopping`, `stopped`."""
