"""A provider of the test's own."""

from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from common.app import running
from common.http import Transport, open_transport
from subgraphs.provider.app import create_app

KEY = "sk_test_lubeck"
WEBHOOK_SECRET = "whsec_wismar"


@pytest.fixture
def provider_environment(migrated_database: Callable[..., str]) -> Mapping[str, str]:
    return {
        "DATABASE_URL": migrated_database("provider"),
        "HANSA_ISSUER": "https://identity.invalid",
        "HANSA_JWKS_URL": "https://identity.invalid/jwks",
        "HANSA_CARD_KEY": KEY,
        "HANSA_CARD_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }


@pytest.fixture
async def provider(provider_environment: Mapping[str, str]) -> AsyncIterator[Transport]:
    """The transport to a provider that runs."""
    async with running(create_app(provider_environment)) as app:
        transport = open_transport("app://provider", apps={"provider": app})
        yield transport
        await transport.close()
