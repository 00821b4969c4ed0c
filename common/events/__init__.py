"""Events between services: written with the change they tell of, delivered at least once, applied once."""

from common.events.background import Work, background_work
from common.events.consumer import Consumer, Handler
from common.events.event import Event, Message
from common.events.jetstream import JetStreamLog
from common.events.log import Delivery, EventLog, LogUnavailableError
from common.events.relay import OutboxRelay

__all__ = (
    "Consumer",
    "Delivery",
    "Event",
    "EventLog",
    "Handler",
    "JetStreamLog",
    "LogUnavailableError",
    "Message",
    "OutboxRelay",
    "Work",
    "background_work",
)
