"""The engine's wire: decisions to limits.lua and its answers, as MessagePack."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from subgraphs.ratelimit.domain.model import Answer, Decision

SOURCE = (Path(__file__).parent / "limits.lua").read_text()

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, list[Answer]]).decode


def keys_of(decisions: Sequence[Decision]) -> list[str]:
    """All states that the decisions are about, each once."""
    return list({call.key: None for decision in decisions for call in decision.calls})


def encode_decisions(now: int, decisions: Sequence[Decision]) -> bytes:
    """`now` in microseconds since 1970, or 0 for the server's own."""
    return _encode((now, decisions))


def decode_answers(payload: bytes) -> tuple[int, list[Answer]]:
    """When it was decided, by the server's clock, and the answers."""
    return _decode(payload)
