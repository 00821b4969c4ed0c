"""The rules of tenants, with no I/O."""
