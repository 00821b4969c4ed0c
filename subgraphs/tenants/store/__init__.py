"""The SQL of tenants, and nothing but; each function works in the caller's transaction.

`directory.py` and `feed.py` are for transactions of the platform, which see all tenants; all else is for those of one tenant,
where row-level security leaves nothing else to be seen.
"""
