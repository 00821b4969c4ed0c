"""The rules of rate limiting, with no I/O: algorithms, decisions over several limits, policies and what they apply to."""
