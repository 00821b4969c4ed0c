"""What a subgraph sends to a callback URL.

https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/callback-protocol
"""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

PROTOCOL = "callback/1.0"


class _About(Struct, kw_only=True, tag_field="action"):
    """`verifier` is that of the subscription `id`."""

    kind: Literal["subscription"]
    id: str
    verifier: str


class Check(_About, tag="check"):
    """The subgraph asks whether the subscription is there, first and as a sign of life."""


class Next(_About, tag="next"):
    """An event."""

    payload: Raw


class Heartbeat(_About, tag="heartbeat"):
    """A sign of life of several subscriptions, as the protocol's preview has it; without `ids` of one."""

    ids: Annotated[tuple[str, ...], Meta(max_length=10_000)] = ()


class Complete(_About, tag="complete"):
    """The end; with `errors` the subscription has failed."""

    errors: tuple[dict[str, Any], ...] | None = None


Message: TypeAlias = Check | Next | Heartbeat | Complete

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


class NotAMessageError(Exception):
    """What was sent is no message of the protocol; the text says why."""


def read_message(body: bytes) -> Message:
    """Raises NotAMessageError."""
    try:
        message = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAMessageError(str(error)) from None
    if isinstance(message, Next) and bytes(message.payload)[:1] != b"{":
        raise NotAMessageError("Expected `object` - at `$.payload`")
    return message
