"""A provider of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.app import running
from common.database import migrate
from common.http import Transport, open_transport
from subgraphs.provider.app import create_app, service

KEY = "sk_test_lubeck"
WEBHOOK_SECRET = "whsec_wismar"


@pytest.fixture(scope="session")
def provider_template(create_database: Callable[..., str]) -> str:
    """A migrated database, to be copied."""
    url = create_database()
    work = migrate(url, schema="provider", scripts=service.migrations)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, work).result()
    return url


@pytest.fixture
def provider_environment(create_database: Callable[..., str], provider_template: str) -> Mapping[str, str]:
    return {
        "DATABASE_URL": create_database(template=provider_template),
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
