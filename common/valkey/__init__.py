"""Valkey for hot paths: calls on a pipelined connection to each server, bounded, timed, and given up on for a while when it fails."""

from common.valkey.errors import ReplyError, SlotMovingError, ValkeyUnavailableError
from common.valkey.functions import FunctionLibrary
from common.valkey.link import ValkeyLink
from common.valkey.opening import Valkey, open_valkey

__all__ = (
    "FunctionLibrary",
    "ReplyError",
    "SlotMovingError",
    "Valkey",
    "ValkeyLink",
    "ValkeyUnavailableError",
    "open_valkey",
)
