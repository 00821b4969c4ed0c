"""Identity's attempts are counted by a cluster as by one server: those of an account and of a client together."""

from collections.abc import AsyncIterator

import pytest

from common.valkey import Valkey, open_valkey
from subgraphs.identity.errors import TooManyAttemptsError
from subgraphs.identity.throttle import ACCOUNT_ATTEMPTS, CLIENT_ATTEMPTS, SignInThrottle
from tests.integration.valkey.servers import Cluster


@pytest.fixture
async def valkey(cluster: Cluster) -> AsyncIterator[Valkey]:
    valkey = open_valkey(cluster.url, timeout=20)
    yield valkey
    await valkey.close()


async def test_attempts_are_counted_by_account_and_by_client(valkey: Valkey) -> None:
    throttle = SignInThrottle(valkey)
    for _ in range(ACCOUNT_ATTEMPTS):
        await throttle.count("ada@hansa.example", "192.0.2.1")
    with pytest.raises(TooManyAttemptsError):
        await throttle.count("ada@hansa.example", "192.0.2.2")
    await throttle.forget("ada@hansa.example")
    await throttle.count("ada@hansa.example", "192.0.2.2")
    for number in range(CLIENT_ATTEMPTS - ACCOUNT_ATTEMPTS):
        await throttle.count(f"{number}@hansa.example", "192.0.2.1")
    with pytest.raises(TooManyAttemptsError):
        await throttle.count("bob@hansa.example", "192.0.2.1")
