"""Payments' SQL, and nothing but: each function works in the caller's transaction."""
