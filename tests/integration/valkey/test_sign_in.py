"""Identity's count of attempts, over a cluster."""

import pytest

from common.valkey import open_valkey
from subgraphs.identity.errors import TooManyAttemptsError
from subgraphs.identity.throttle import ACCOUNT_ATTEMPTS, SignInThrottle
from tests.integration.valkey.servers import Cluster


async def test_attempts_are_counted_by_account_and_client_together(cluster: Cluster) -> None:
    valkey = open_valkey(cluster.url, timeout=20)
    throttle = SignInThrottle(valkey)
    for _ in range(ACCOUNT_ATTEMPTS):
        await throttle.count("ada@example.com", "192.0.2.1")
    with pytest.raises(TooManyAttemptsError):
        await throttle.count("ada@example.com", "192.0.2.1")
    await throttle.forget("ada@example.com")
    await throttle.count("ada@example.com", "192.0.2.1")
    await valkey.close()
