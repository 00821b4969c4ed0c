"""The keys of subscriptions: how subgraphs are asked for their events, and how much is held at the same time."""

from typing import Annotated, ClassVar, Literal, Self

from msgspec import Meta, Struct, structs

from gateway.server.config.cache import PositiveInt
from gateway.server.config.duration import Duration
from gateway.server.config.health import DoorPath, ListenAddress


class HeartbeatInterval(float):
    """Seconds, parsed from a duration, `enabled` (10 s) or `disabled` (0). Raises ValueError."""

    __slots__ = ()
    ENABLED: ClassVar[float] = 10

    @classmethod
    def parse(cls, text: str) -> Self:
        match text:
            case "disabled":
                return cls(0)
            case "enabled":
                return cls(cls.ENABLED)
        return cls(Duration.parse(text))


class CallbackInterval(HeartbeatInterval):
    """The same, where `enabled` is 5 s."""

    __slots__ = ()
    ENABLED: ClassVar[float] = 5


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


class CallbackMode(Struct, frozen=True):
    """Streams whose events subgraphs send to the router: to `public_url`, which leads to `path` at `listen`.

    `listen` is an address of its own, or the router's. No `subgraphs` are all that have no passthrough.
    """

    public_url: Annotated[str, Meta(pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$")]
    listen: ListenAddress | None = None
    path: DoorPath = "/callback"
    heartbeat_interval: CallbackInterval = CallbackInterval(CallbackInterval.ENABLED)
    subgraphs: tuple[str, ...] = ()


class Mode(Struct, frozen=True):
    """How source streams come about."""

    passthrough: PassthroughMode | None = None
    callback: CallbackMode | None = None

    def of(self, subgraph: str) -> Passthrough | CallbackMode | None:
        """How `subgraph` is asked, by what names it before what is for all."""
        passthrough = self.passthrough or PassthroughMode()
        own = passthrough.subgraphs.get(subgraph)
        if own is not None or self.callback is None:
            return own or passthrough.all
        named = self.callback.subgraphs
        if subgraph in named or (not named and passthrough.all is None):
            return structs.replace(self.callback, subgraphs=())  # who else is named makes no other source
        return passthrough.all


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

    def source(self, subgraph: str) -> Passthrough | CallbackMode | None:
        """How `subgraph` is asked; None where it has no subscriptions."""
        return self.mode.of(subgraph) if self.enabled else None
