"""Ids of jobs: version 7 UUIDs made by who asks, so that an answer can name a job before it has reached its queue."""

import os
import time
from uuid import UUID

_VERSION = 0x7000
_VARIANT = 0x8000_0000_0000_0000


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562, section 5.7): the milliseconds of this clock, then random bits."""
    noise = int.from_bytes(os.urandom(10))
    low = _VARIANT | (noise & 0x3FFF_FFFF_FFFF_FFFF)
    high = (time.time_ns() // 1_000_000 << 16) | _VERSION | (noise >> 68)
    return UUID(int=(high & 0xFFFF_FFFF_FFFF_FFFF) << 64 | low)
