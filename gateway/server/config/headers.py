"""The rules for headers: a client's on their way to subgraphs, and subgraphs' on their way to the client."""

from typing import Literal

from msgspec import Struct

from gateway.server.config.access import Header


class Propagate(Struct, frozen=True):
    """Sends the client's headers on: one by name, under another name if told, or all that match."""

    named: str | None = None
    matching: str | None = None
    rename: str | None = None
    default: str | None = None


class Insert(Struct, frozen=True):
    """Sets a header: to a fixed `value`, to one `claim` of the caller's token, or to all of them by `from_context`.

    A client cannot set the header of a claim, also where the claim is not there.
    """

    name: str
    value: str | None = None
    claim: str | None = None
    from_context: Literal["apollo::authentication::jwt_claims"] | None = None

    @property
    def is_claim(self) -> bool:
        return self.value is None


class Remove(Struct, frozen=True):
    """Takes a header away that an earlier rule set: one by name, or all that match."""

    named: str | None = None
    matching: str | None = None


class HeaderRule(Struct, frozen=True):
    """One step; exactly one of its members is given."""

    propagate: Propagate | None = None
    insert: Insert | None = None
    remove: Remove | None = None


class PropagateBack(Propagate, frozen=True):
    """Sends a subgraph's header on to the client; `algorithm` says what becomes of those of several responses."""

    algorithm: Literal["first", "last", "append"] = "last"


class ResponseRule(Struct, frozen=True):
    """One step of what a response gives to the answer; exactly one of its members is given."""

    propagate: PropagateBack | None = None
    insert: Header | None = None
    remove: Remove | None = None


class HeaderRules(Struct, frozen=True):
    """Rules for the requests to a subgraph and for its responses, each in order."""

    request: tuple[HeaderRule, ...] = ()
    response: tuple[ResponseRule, ...] = ()


class Headers(Struct, frozen=True):
    """The rules of all subgraphs, followed by those of each."""

    all: HeaderRules = HeaderRules()
    subgraphs: dict[str, HeaderRules] = {}
