"""What a call to Valkey can end in besides an answer: it was refused, or nobody knows."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from common.valkey.link import ValkeyLink


class ReplyError(Exception):
    """Valkey refused the command; it did nothing."""

    server: "ValkeyLink"
    """Who refused, where the command went through a link: one of a cluster may lack what the others have."""

    @property
    def code(self) -> str:
        """The refusal's first word, such as NOSCRIPT."""
        return str(self).partition(" ")[0]


class ValkeyUnavailableError(Exception):
    """Valkey did not answer in time, or is not asked since it lately did not. What was asked may have been done."""


class SlotMovingError(ValkeyUnavailableError):
    """A slot was being moved all the time, and the command's keys were not all on one side. It did nothing."""
