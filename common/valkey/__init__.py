"""Valkey for hot paths: the calls of one loop tick as one function call, bounded, timed, and given up on for a while when it fails."""

from common.valkey.connection import ReplyError
from common.valkey.functions import FunctionLibrary
from common.valkey.link import ValkeyLink, ValkeyUnavailableError

__all__ = ("FunctionLibrary", "ReplyError", "ValkeyLink", "ValkeyUnavailableError")
