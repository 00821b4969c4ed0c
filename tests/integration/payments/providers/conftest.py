"""Each adapter of the provider port with what the contract needs of it."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from common.database import Database
from common.http import Transport
from common.settings import Secret
from subgraphs.payments.provider.port import Provider
from subgraphs.payments.provider.stripe import StripeProvider
from subgraphs.payments.provider.wallet import WalletProvider
from subgraphs.payments.service.wallets import Wallets
from tests.integration.payments.conftest import forget
from tests.integration.provider.conftest import (  # noqa: F401 - fixtures
    KEY,
    provider,
    provider_environment,
)

Books = Callable[[], Awaitable[dict[str, int]]]


@dataclass(frozen=True)
class Adapter:
    """A provider, a payment method that it approves of and one that it declines, and what moved by its own books.

    `books` gives how many there are of AUTHORISED, CAPTURED, VOIDED and REFUNDED, and the sums of the second and last. `forget`
    lets the time pass for which it remembers requests.
    """

    provider: Provider
    good: str
    bad: str
    books: Callable[[], Awaitable[Mapping[str, tuple[int, int]]]]
    forget: Callable[[], Awaitable[object]]


@pytest.fixture
def card(provider: Transport) -> StripeProvider:  # noqa: F811 - the fixture
    return StripeProvider(provider, Secret(KEY), return_url="https://shop.example/back", timeout=5.0)


@pytest.fixture(params=["card", "wallet"])
async def adapter(
    request: pytest.FixtureRequest,
    card: StripeProvider,
    provider_environment: Mapping[str, str],  # noqa: F811 - the fixture
    database: Database,
) -> AsyncIterator[Adapter]:
    if request.param == "wallet":
        await Wallets(database).top_up("rich", 100_000, "k")
        await Wallets(database).top_up("poor", 1, "k")
        yield Adapter(
            WalletProvider(database),
            "rich",
            "poor",
            lambda: _wallet_books(database),
            lambda: forget(database),
        )
        return
    connection = await asyncpg.connect(provider_environment["DATABASE_URL"])
    async with contextlib.aclosing(_Closing(connection)):
        yield Adapter(
            card,
            "pm_card_visa",
            "pm_card_visa_chargeDeclined",
            lambda: _card_books(connection),
            lambda: connection.execute("DELETE FROM provider.idempotency"),
        )


async def _wallet_books(database: Database) -> Mapping[str, tuple[int, int]]:
    names = {"PENDING": "AUTHORISED", "POST": "CAPTURED", "VOID": "VOIDED", "POSTED": "REFUNDED"}
    async with database.transaction() as transaction:
        rows = await transaction.execute(
            "SELECT kind, count(*) AS count, sum(amount) AS total FROM ledger_transfer"
            " WHERE code <> 'TOP_UP' GROUP BY kind"
        )
        return {names[row.kind]: (row.count, int(row.total)) for row in rows}


class _Closing:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self.aclose = connection.close


async def _card_books(connection: Any) -> Mapping[str, tuple[int, int]]:
    names = {"authorised": "AUTHORISED", "charge": "CAPTURED", "canceled": "VOIDED", "refund": "REFUNDED"}
    rows = await connection.fetch("SELECT kind, count(*), sum(abs(amount)) FROM provider.entry GROUP BY kind")
    return {names[kind]: (count, int(total)) for kind, count, total in rows if kind in names}
