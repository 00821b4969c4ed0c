"""The messages of the protocol: what is told at a stage, and what a coprocessor may answer."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

VERSION = 1
_FIXED = ("version", "stage", "id", "subgraph_request_id", "service_name")
"""What an answer may repeat and not change."""


class CoprocessorError(Exception):
    """A coprocessor did not answer, or not as the protocol says."""


class Break(Struct, frozen=True, rename={"status": "break"}):
    """The request ends here, with this HTTP status."""

    status: int


class Message(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is told, and what is answered: of an answer only what is given counts. `control` is `continue` when told."""

    version: int | UnsetType = UNSET
    stage: str | UnsetType = UNSET
    control: str | Break | UnsetType = UNSET
    id: str | UnsetType = UNSET
    subgraph_request_id: str | UnsetType = UNSET
    headers: Mapping[str, list[str]] | UnsetType = UNSET
    body: Any = UNSET
    context: Mapping[str, Any] | UnsetType = UNSET
    sdl: str | UnsetType = UNSET
    path: str | UnsetType = UNSET
    method: str | UnsetType = UNSET
    service_name: str | UnsetType = UNSET
    uri: str | UnsetType = UNSET
    status_code: int | UnsetType = UNSET
    query_plan: Any = UNSET

    @property
    def status(self) -> int | None:
        """The status that ends the request, where it shall end."""
        return self.control.status if isinstance(self.control, Break) else None

    @property
    def entries(self) -> Mapping[str, Any] | None:
        """The context's entries, where the message has any."""
        return None if self.context is UNSET else self.context.get("entries") or {}


def read_answer(body: bytes, told: Message) -> Message:
    """The answer to what was told. Raises CoprocessorError."""
    try:
        answer = msgspec.json.decode(body, type=Message)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CoprocessorError(f"its answer is not of the protocol: {error}") from None
    for name in _FIXED:
        sent, given = getattr(told, name), getattr(answer, name)
        if given not in (UNSET, None, sent):
            raise CoprocessorError(f"its answer has another `{name}`: {given!r} in place of {sent!r}")
    if isinstance(answer.control, str) and answer.control != "continue":
        raise CoprocessorError(f"its answer has the control {answer.control!r}")
    if answer.control is UNSET and str(told.stage).endswith("Request"):
        raise CoprocessorError("its answer lacks `control`")
    return answer
