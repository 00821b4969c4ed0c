"""The rate limiter: policies, and decisions by them: the subgraph that owns `RateLimitPolicy`."""
