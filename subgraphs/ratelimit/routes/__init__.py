"""The limiter's doors, on the raw edge: decisions, and policies that other services declare."""

from subgraphs.ratelimit.routes import limits, policies

__all__ = ("limits", "policies")
