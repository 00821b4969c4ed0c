"""What outlives the generations of a router."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from opentelemetry.trace import Tracer

from gateway.server.access.policies import PolicyFunction
from gateway.server.asgi import ASGIApp
from gateway.server.metrics import Metrics
from gateway.server.overrides import LabelPlugin
from gateway.server.subscriptions.subscriptions import Subscriptions

if TYPE_CHECKING:  # they load only when there are any
    from gateway.server.plugins.plugin import Plugin


class Surroundings(Struct, frozen=True):
    """The router's metrics, its tracer and the subscriptions that are open, and what its owner gave it: see `Router`."""

    metrics: Metrics
    subscriptions: Subscriptions
    tracer: Tracer | None = None
    apps: Mapping[str, ASGIApp] = {}
    label_plugins: Sequence[LabelPlugin] | None = None
    policies: PolicyFunction | None = None
    plugins: "Sequence[Callable[[], Plugin[Any]]]" = ()
