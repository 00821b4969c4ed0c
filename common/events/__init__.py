"""Events between services: written with the change they tell of, delivered at least once, applied once."""

from common.events.consumer import Consumer
from common.events.event import Event, Message
from common.events.jetstream import JetStreamLog
from common.events.log import Delivery, EventLog, LogUnavailableError
from common.events.relay import OutboxRelay

__all__ = (
    "Consumer",
    "Delivery",
    "Event",
    "EventLog",
    "JetStreamLog",
    "LogUnavailableError",
    "Message",
    "OutboxRelay",
)
