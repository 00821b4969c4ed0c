"""What the data plane asks of the control plane, as a port, and the messages in which it is asked over HTTP.

The control plane has a door for each, `POST` with JSON and `Authorization: Bearer` with the data plane's token:

| door | takes | gives |
|---|---|---|
| `/v1/dataplane/changes` | `ChangesAfter` | `Changes` |
| `/v1/dataplane/keys:find` | `FindKey` | `FoundKey` |
| `/v1/dataplane/usage` | `UsageBatch` | `UsageTaken` |
"""

from typing import Annotated, Protocol

from msgspec import Meta, Struct

from subgraphs.tenants.dataplane.config import Configuration, KeyFacts

CHANGES = "/v1/dataplane/changes"
FIND_KEY = "/v1/dataplane/keys:find"
USAGE = "/v1/dataplane/usage"

KeyHash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""The SHA-256 of a key's whole text."""

BatchId = Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Text = Annotated[str, Meta(pattern="^[^\\u0000]*$", max_length=256)]
Number = Annotated[int, Meta(ge=0, le=2**53)]


class ChangesAfter(Struct, frozen=True):
    """What has changed after the change number `after`; 0 asks for everything.

    With `wait` the answer may be held back for so many seconds, until there is a change.
    """

    after: Number
    wait: Annotated[float, Meta(ge=0, le=30)] = 0.0


class Changes(Struct, frozen=True):
    """What is so as of the change number `sequence`: all that committed with a number up to it is in here or in an earlier answer.

    `configurations` are the newest ones of the tenants that have changed, `gone` the tenants that are no longer served, `keys` the
    hashes of keys whose facts have changed in any way. `is_whole` says that `after` was not used (it was 0, or too long
    ago): these are all tenants, and nothing that is remembered of any key counts any more.
    """

    sequence: int
    configurations: tuple[Configuration, ...] = ()
    gone: tuple[str, ...] = ()
    keys: tuple[KeyHash, ...] = ()
    is_whole: bool = False


class FindKey(Struct, frozen=True):
    key_hash: KeyHash


class FoundKey(Struct, frozen=True):
    """`facts` is None for a key that is unknown, revoked, disabled or expired, or whose tenant or consumer is gone."""

    facts: KeyFacts | None


class Usage(Struct, frozen=True):
    """Requests of one hour. `hour` is the number of hours since 1970; `key` and `consumer` are empty where no key was needed.

    `requests` were answered by an upstream; `refused` were not, by the gateway's own decision; `failed` were let through, and no
    upstream answered. Bytes are those of bodies.
    """

    tenant: Text
    hour: Annotated[int, Meta(ge=0, le=10_000_000)]
    route: Text
    consumer: Text = ""
    key: Text = ""
    requests: Number = 0
    refused: Number = 0
    failed: Number = 0
    bytes_in: Number = 0
    bytes_out: Number = 0


class UsageBatch(Struct, frozen=True):
    """The same `id` (a UUID) is the same batch, sent again since its acknowledgement was lost: it counts once."""

    id: BatchId
    usage: Annotated[tuple[Usage, ...], Meta(max_length=10_000)]


class UsageTaken(Struct, frozen=True):
    """The batch is durable, now or since before."""

    id: str


class ControlPlaneUnavailableError(Exception):
    """It did not answer as it should; what was asked is asked again."""


class ControlPlane(Protocol):
    """All of it raises ControlPlaneUnavailableError."""

    async def changes(self, after: int) -> Changes: ...

    async def find(self, key_hash: str) -> KeyFacts | None: ...

    async def take_usage(self, batch: UsageBatch) -> None: ...
