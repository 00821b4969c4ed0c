"""A type extended with external fields, of which one is provided on one path, in another notation."""

from tests.conformance.audit.suites.fed1_external_extends import resolvers

__all__ = ("resolvers",)
