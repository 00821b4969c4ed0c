"""The use cases of tenants; one call, one transaction."""
