"""The SQL of the rate limiter, and nothing but."""
