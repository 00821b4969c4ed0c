"""What services tell one another: events as typed structs, messages as the log carries them."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened, named in the past tense.

    Subclasses set `subject`, whose first part is the publishing service ("inventory.reservation.held"), and
    `aggregate`, the field that identifies what the event is about: the events of one aggregate reach each consumer in
    the order of their commits.
    Fields that a consumer does not declare are ignored by it, so a publisher may add some.
    """

    subject: ClassVar[str]
    aggregate: ClassVar[str]

    @property
    def aggregate_id(self) -> str:
        """The id of what the event is about."""
        return str(getattr(self, self.aggregate))


class Message(Struct, frozen=True, kw_only=True):
    """An event on its way: `id` is the same however often it is delivered."""

    id: UUID
    subject: str
    payload: bytes
    headers: Mapping[str, str]
