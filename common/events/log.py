"""The event log as a port: what a relay and a consumer need of JetStream, or of Kafka."""

from collections.abc import Sequence
from typing import Protocol

from common.events.event import Message


class LogUnavailableError(Exception):
    """The log cannot be reached or did not answer in time. What was sent may be in it; send it again."""


class Delivery(Protocol):
    """A message that was handed to a consumer and waits for its answer."""

    @property
    def message(self) -> Message: ...

    @property
    def attempt(self) -> int:
        """How often the log has delivered it, this time included."""

    async def acknowledge(self) -> None:
        """It is done with."""

    async def retry(self, delay: float) -> None:
        """Deliver it again after `delay` seconds, and nothing that comes after it before."""

    async def extend(self) -> None:
        """The work goes on: do not deliver it to another."""


class EventLog(Protocol):
    """Named streams of messages; a message's stream is the first part of its subject."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Append in this order, and return when all are on disk.

        Raises:
            LogUnavailableError: some may not be.
        """

    async def fetch(self, consumer: str, subjects: Sequence[str], wait: float) -> Sequence[Delivery]:
        """What comes next for `consumer` among `subjects`, all of one stream; none after `wait` seconds.

        However many processes call this for one consumer, it gets nothing more before it has answered.

        Raises:
            LogUnavailableError: the log cannot be reached.
        """

    async def close(self) -> None:
        """Leave; a later call connects again."""


def stream_of(subject: str) -> str:
    """The stream that `subject` is in."""
    return subject.partition(".")[0]
