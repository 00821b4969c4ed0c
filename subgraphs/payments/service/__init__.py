"""Payments' use cases: one call, one transaction; an event's effect is part of its consumer's."""
