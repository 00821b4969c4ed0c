"""Ids made by who asks: version 7 UUIDs, so that an answer can name a thing before the database has it."""

import os
import time
from uuid import UUID

_FRACTIONS = 4096  # of a millisecond: the 12 bits behind the milliseconds
_VERSION = 7 << 76
_VARIANT = 2 << 62
_last = 0


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562, section 5.7): this clock's time, then random bits.

    Those of one process ascend, which its time to a fraction of a millisecond sees to (section 6.2, method 3).
    """
    global _last  # noqa: PLW0603 - the last id's time is this module's one state
    _last = max(time.time_ns() * _FRACTIONS // 1_000_000, _last + 1)
    milliseconds, fraction = divmod(_last, _FRACTIONS)
    noise = int.from_bytes(os.urandom(8)) >> 2
    return UUID(int=milliseconds << 80 | _VERSION | fraction << 64 | _VARIANT | noise)
