"""What a client may say, and what it is told."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

SUBPROTOCOL = "graphql-transport-ws"

Id = Annotated[str, Meta(min_length=1, max_length=256)]


class CloseCode(IntEnum):
    """Why a connection is closed; those above 4000 are the protocol's."""

    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    RESTART = 1012
    TRY_AGAIN = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITS = 4429


class ConnectionInit(Struct, tag="connection_init"):
    payload: dict[str, Any] | None = None


class Ping(Struct, tag="ping"):
    pass


class Pong(Struct, tag="pong"):
    pass


class Subscribe(Struct, tag="subscribe"):
    id: Id
    payload: Raw


class Complete(Struct, tag="complete"):
    id: Id


Message: TypeAlias = ConnectionInit | Ping | Pong | Subscribe | Complete

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_encode = msgspec.json.Encoder().encode

ACKNOWLEDGE = b'{"type":"connection_ack"}'
PONG = b'{"type":"pong"}'


def decode(text: str) -> Message:
    """Raises msgspec.DecodeError."""
    return _decoder.decode(text)


def next_(id_: str, payload: bytes) -> bytes:
    return b'{"id":' + _encode(id_) + b',"type":"next","payload":' + payload + b"}"


def error(id_: str, errors: Sequence[Mapping[str, Any]]) -> bytes:
    return _encode({"id": id_, "type": "error", "payload": errors})


def complete(id_: str) -> bytes:
    return _encode({"id": id_, "type": "complete"})
