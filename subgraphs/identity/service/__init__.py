"""Identity's use cases: one call, one transaction."""
