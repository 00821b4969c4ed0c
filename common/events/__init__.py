"""Events between services: written with the change they tell of, delivered at least once, applied once."""

from common.events.event import Event, Message

__all__ = ("Event", "Message")
