"""The limiter's doors, on the raw edge: decisions, those of Envoy's protocol too, and policies that other services declare."""

from subgraphs.ratelimit.routes import envoy, limits, policies

__all__ = ("envoy", "limits", "policies")
