"""Valkey for hot paths: the calls of one loop tick as one function call, bounded, timed, and given up on for a while when it fails."""

from common.valkey.batcher import Batcher
from common.valkey.breaker import Breaker
from common.valkey.functions import FunctionLibrary, ValkeyUnavailableError, open_valkey

__all__ = ("Batcher", "Breaker", "FunctionLibrary", "ValkeyUnavailableError", "open_valkey")
