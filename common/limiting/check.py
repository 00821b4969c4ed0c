"""What is asked: whose limits, and how much of them."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct


class Check(Struct, frozen=True):
    """`cost` of all limits that apply to a descriptor, or of none. It is encoded once: who asks often keeps it."""

    encoded: bytes

    @classmethod
    def of(cls, namespace: str, descriptor: Mapping[str, str], cost: int = 1) -> "Check":
        """At most 16 attributes; no value is empty."""
        return cls(msgspec.json.encode({"namespace": namespace, "descriptor": descriptor, "cost": cost}))
