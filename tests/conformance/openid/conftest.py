"""The provider that the modules are run against: identity through the platform's doors, its client and its user."""

from tests.integration.identity.conftest import (
    ada,
    browser,
    database,
    database_url,
    environment,
    identity,
    letters,
    relying_party,
)

__all__ = (
    "ada",
    "browser",
    "database",
    "database_url",
    "environment",
    "identity",
    "letters",
    "relying_party",
)
