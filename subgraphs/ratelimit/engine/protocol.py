"""The engine's wire: decisions to limits.lua and its answers, as MessagePack."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from subgraphs.ratelimit.domain.model import Answer, Decision, Mode

SOURCE = (Path(__file__).parent / "limits.lua").read_text()

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, list[Answer]]).decode


_HOLDING = frozenset({Mode.RESERVE, Mode.SETTLE, Mode.RESET})


def keys_of(decisions: Sequence[Decision]) -> list[str]:
    """All states that the decisions are about, each once; and what else they write where that is more than a state.

    Valkey refuses before it begins where one of a command's keys is elsewhere, as in a cluster whose slots are being moved.
    """
    keys = {call.key: None for decision in decisions for call in decision.calls}
    for decision in decisions:
        if decision.mode in _HOLDING:
            keys |= {f"{call.key}:h": None for call in decision.calls}
            if decision.record_key:
                keys[decision.record_key] = None
    return list(keys)


def encode_decisions(now: int, decisions: Sequence[Decision]) -> bytes:
    """`now` in microseconds since 1970, or 0 for the server's own."""
    return _encode((now, decisions))


def decode_answers(payload: bytes) -> tuple[int, list[Answer]]:
    """When it was decided, by the server's clock, and the answers."""
    return _decode(payload)
