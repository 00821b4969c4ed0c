"""The keys of subscriptions: how subgraphs are asked for their events, and how much is held at the same time."""

from typing import Literal, Self

from msgspec import Struct

from gateway.server.config.cache import PositiveInt
from gateway.server.config.duration import Duration


class HeartbeatInterval(float):
    """Seconds, parsed from a duration, `enabled` (10 s) or `disabled` (0). Raises ValueError."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        match text:
            case "disabled":
                return cls(0)
            case "enabled":
                return cls(10)
        return cls(Duration.parse(text))


class Passthrough(Struct, frozen=True):
    """A stream that the router opens at a subgraph: at the subgraph's own URL, or at another path of its host.

    `graphql_ws` is the WebSocket subprotocol `graphql-transport-ws`, by the name of the library that made it.
    """

    path: str | None = None
    protocol: Literal["graphql_ws", "sse", "multipart"] = "graphql_ws"
    heartbeat_interval: HeartbeatInterval = HeartbeatInterval(0)


class PassthroughMode(Struct, frozen=True):
    """`all` stands for every subgraph that has no entry of its own."""

    all: Passthrough | None = None
    subgraphs: dict[str, Passthrough] = {}


class Mode(Struct, frozen=True):
    """How source streams come about."""

    passthrough: PassthroughMode | None = None


class Deduplication(Struct, frozen=True):
    """Whether equal subscriptions share one source stream; `ignored_headers` do not make them different."""

    enabled: bool = True
    ignored_headers: tuple[str, ...] = ()


class SubscriptionConfig(Struct, frozen=True):
    """Apollo's `subscription`. Without an entry in `mode` no subgraph is subscribed to."""

    enabled: bool = False
    mode: Mode = Mode()
    deduplication: Deduplication = Deduplication()
    max_opened_subscriptions: PositiveInt | None = None
    queue_capacity: PositiveInt = 128

    def passthrough(self, subgraph: str) -> Passthrough | None:
        """How `subgraph` is asked; None where it has no subscriptions."""
        mode = self.mode.passthrough or PassthroughMode()
        return mode.subgraphs.get(subgraph, mode.all) if self.enabled else None
