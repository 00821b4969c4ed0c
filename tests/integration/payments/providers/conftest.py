"""Each adapter of the provider port with what the contract needs of it."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from common.http import Transport
from common.settings import Secret
from subgraphs.payments.provider.port import Provider
from subgraphs.payments.provider.stripe import StripeProvider
from tests.integration.provider.conftest import (  # noqa: F401 - fixtures
    KEY,
    provider,
    provider_environment,
    provider_template,
)

Books = Callable[[], Awaitable[dict[str, int]]]


@dataclass(frozen=True)
class Adapter:
    """A provider, a payment method that it approves of and one that it declines, and what moved by its own books.

    `books` gives how many there are of AUTHORISED, CAPTURED, VOIDED and REFUNDED, and the sums of the second and last.
    """

    provider: Provider
    good: str
    bad: str
    books: Callable[[], Awaitable[Mapping[str, tuple[int, int]]]]


@pytest.fixture
def card(provider: Transport) -> StripeProvider:  # noqa: F811 - the fixture
    return StripeProvider(provider, Secret(KEY), return_url="https://shop.example/back", timeout=5.0)


@pytest.fixture
async def adapter(card: StripeProvider, provider_environment: Mapping[str, str]) -> AsyncIterator[Adapter]:  # noqa: F811 - the fixture
    connection = await asyncpg.connect(provider_environment["DATABASE_URL"])
    async with contextlib.aclosing(_Closing(connection)):
        yield Adapter(card, "pm_card_visa", "pm_card_visa_chargeDeclined", lambda: _card_books(connection))


class _Closing:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self.aclose = connection.close


async def _card_books(connection: Any) -> Mapping[str, tuple[int, int]]:
    names = {"authorised": "AUTHORISED", "charge": "CAPTURED", "canceled": "VOIDED", "refund": "REFUNDED"}
    rows = await connection.fetch("SELECT kind, count(*), sum(abs(amount)) FROM provider.entry GROUP BY kind")
    return {names[kind]: (count, int(total)) for kind, count, total in rows if kind in names}
