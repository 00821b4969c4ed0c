"""Payments' rules, with no I/O: one module a concept."""
