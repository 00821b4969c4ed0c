"""The event log on NATS JetStream.

The client's own reconnection is off: it would send what was buffered after losing what was under way, and so turn the
order of events round. A broken connection is an error for the caller, who tries again from what the database says. The
client also loses cancellations, which would keep a service from stopping: each call here heeds them.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Sequence
from typing import Any, Self, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import nats.errors
import nats.js.errors
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StorageType, StreamConfig

from common.cancellation import heeding_cancellation
from common.events.event import Message
from common.events.log import LogUnavailableError, stream_of

logger = logging.getLogger(__name__)

MESSAGE_ID = "Nats-Msg-Id"
CONNECT_TIMEOUT = 5  # seconds
PUBLISH_TIMEOUT = 10.0  # seconds until a whole batch is on disk
ACK_WAIT = 5.0  # seconds until a message that was not answered, because its process died, comes again
RETENTION = 7 * 86_400.0  # seconds that a stream keeps a message
DUPLICATE_WINDOW = 600.0  # seconds in which a message that is sent twice is kept once

T = TypeVar("T")


class JetStreamDelivery(Struct, frozen=True):
    """One delivery of a message by JetStream."""

    message: Message
    attempt: int
    source: Msg

    async def acknowledge(self) -> None:
        await _told(self.source.ack())

    async def retry(self, delay: float) -> None:
        await _told(self.source.nak(delay))

    async def extend(self) -> None:
        await _told(self.source.in_progress())


class JetStreamLog:
    """The streams of the NATS server or cluster at `url`; it connects when it is first used."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connecting = asyncio.Lock()
        self._session: _Session | None = None

    @classmethod
    def open(cls, url: str) -> Self:
        """The log at `url`, `nats://[token@|user:password@]host:port`; several are separated by commas."""
        return cls(url)

    async def publish(self, messages: Sequence[Message]) -> None:
        with heeding_cancellation():
            session = await self._connected()
            for stream in {stream_of(message.subject) for message in messages}:
                await _reached(session.ensure_stream(stream))
            await _reached(session.append(messages))

    async def fetch(self, consumer: str, subjects: Sequence[str], wait: float) -> Sequence[JetStreamDelivery]:
        with heeding_cancellation():
            session = await self._connected()
            subscription = await _reached(session.subscription(consumer, tuple(subjects)))
            try:
                messages = await subscription.fetch(1, timeout=wait)
            except TimeoutError:  # the client's own error for "nothing came" derives from it
                messages = ()
            except (nats.errors.Error, OSError) as error:
                raise LogUnavailableError(str(error) or type(error).__name__) from error
        return [_delivery(message) for message in messages]

    async def close(self) -> None:
        async with self._connecting:
            if self._session is not None:
                await self._session.close()
                self._session = None

    async def _connected(self) -> "_Session":
        async with self._connecting:
            if self._session is None or not self._session.client.is_connected:
                if self._session is not None:
                    await self._session.close()
                    self._session = None
                self._session = await _reached(self._connect())
            return self._session

    async def _connect(self) -> "_Session":
        lost = asyncio.Event()

        async def lose() -> None:
            lost.set()

        client = Client()
        try:
            await client.connect(
                self._url.split(","),
                closed_cb=lose,
                connect_timeout=CONNECT_TIMEOUT,
                allow_reconnect=False,
                # These two hold for the first connection as well.
                reconnect_time_wait=0.1,  # type: ignore[arg-type]  # a part of a second is as good
                max_reconnect_attempts=1,
                error_cb=_log_error,
            )
        except BaseException:  # the client leaves its socket open when it is cancelled on its way
            await client.close()
            raise
        return _Session(client, lost)


class _Session:
    """What is known while one connection lasts; `lost` is set at its end."""

    def __init__(self, client: Client, lost: asyncio.Event) -> None:
        self.client = client
        self._lost = lost
        self._jetstream: JetStreamContext = client.jetstream(timeout=PUBLISH_TIMEOUT)
        self._streams: set[str] = set()
        self._subscriptions: dict[tuple[str, str], Any] = {}

    async def ensure_stream(self, name: str) -> None:
        """Create the stream unless it exists; one that an operator configured is left as it is."""
        if name in self._streams:
            return
        try:
            await self._jetstream.stream_info(name)
        except nats.js.errors.NotFoundError:
            await self._jetstream.add_stream(_stream_config(name))
        self._streams.add(name)

    async def append(self, messages: Sequence[Message]) -> None:
        acknowledgements = [
            await self._jetstream.publish_async(
                message.subject,
                message.payload,
                headers={**message.headers, MESSAGE_ID: str(message.id)},
            )
            for message in messages
        ]
        async with asyncio.timeout(PUBLISH_TIMEOUT):
            await self._unless_lost(asyncio.gather(*acknowledgements))

    async def _unless_lost(self, answers: asyncio.Future[Any]) -> None:
        """Wait for `answers`, which the client would wait for even when its connection is gone."""
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait((answers, lost), return_when=asyncio.FIRST_COMPLETED)
            if not answers.done():
                raise nats.errors.ConnectionClosedError
            answers.result()
        finally:
            answers.cancel()
            lost.cancel()

    async def subscription(self, consumer: str, subjects: tuple[str, ...]) -> Any:
        """The durable consumer's pull subscription, made when it is first asked for."""
        stream = stream_of(subjects[0])
        if (consumer, stream) not in self._subscriptions:
            await self.ensure_stream(stream)
            await self._jetstream.add_consumer(stream, _consumer_config(consumer, subjects))
            subscription = await self._jetstream.pull_subscribe_bind(durable=consumer, stream=stream)
            self._subscriptions[consumer, stream] = subscription
        return self._subscriptions[consumer, stream]

    async def close(self) -> None:
        with contextlib.suppress(nats.errors.Error, OSError):
            await self.client.close()


def _stream_config(name: str) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[f"{name}.>"],
        storage=StorageType.FILE,
        max_age=RETENTION,
        duplicate_window=DUPLICATE_WINDOW,
    )


def _consumer_config(name: str, subjects: Sequence[str]) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=name,
        filter_subjects=list(subjects),
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT,
        max_ack_pending=1,  # the order of events, also among several processes and after a failure
    )


def _delivery(source: Msg) -> JetStreamDelivery:
    headers = dict(source.headers or {})
    place = f"{source.metadata.stream}:{source.metadata.sequence.stream}"
    message = Message(
        id=_message_id(headers.pop(MESSAGE_ID, place)),
        subject=source.subject,
        payload=source.data,
        headers=headers,
    )
    return JetStreamDelivery(message, source.metadata.num_delivered, source)


def _message_id(text: str) -> UUID:
    """The id that a relay gave the message, or for one that a stranger published, always the same id."""
    try:
        return UUID(text)
    except ValueError:
        return uuid5(NAMESPACE_URL, text)


async def _told(work: Awaitable[None]) -> None:
    with heeding_cancellation():
        await _reached(work)


async def _reached(work: Awaitable[T]) -> T:
    """The result of `work`, or LogUnavailableError."""
    try:
        return await work
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise LogUnavailableError(f"NATS cannot be reached: {str(error) or type(error).__name__}") from error


async def _log_error(error: Exception) -> None:
    logger.debug("NATS: %s", error)
