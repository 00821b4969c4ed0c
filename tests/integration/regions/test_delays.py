"""How long a revocation takes to be known by who verifies tokens. `pytest -s` prints it, in milliseconds."""

import asyncio
import statistics
import sys
import time
import uuid
from collections.abc import Mapping

from common.auth import InvalidToken, Revocations
from common.auth.revocation import Kind, Standing
from common.http import open_transport
from tests.integration.regions.conftest import Region
from tests.integration.regions.test_partitions import over

TIMES = 20


async def test_a_revocation_is_known_in_every_region_within_two_seconds(
    regions: Mapping[str, Region],
) -> None:
    verifiers = {
        name: Revocations(open_transport(f"{region.transport.url}/revocations"))
        for name, region in regions.items()
    }
    delays: dict[str, list[float]] = {name: [] for name in verifiers}
    for verifier in verifiers.values():
        await verifier.ready()
    for _ in range(TIMES):
        jti = str(uuid.uuid4())
        await regions["eu"].revoke(Kind.JTI, jti, over())
        revoked_at = time.monotonic()
        for name, verifier in verifiers.items():
            await refused(verifier, verifier.standing("eu:1", {"jti": jti}))
            delays[name].append(time.monotonic() - revoked_at)
    for name, verifier in verifiers.items():
        await verifier.aclose()
        median, longest = statistics.median(delays[name]), max(delays[name])
        sys.stdout.write(f"{name}: {median * 1e3:.0f} ms in the middle, {longest * 1e3:.0f} ms at most\n")
        assert longest < 2


async def refused(verifier: Revocations, standing: Standing) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                verifier.check(standing)
            except InvalidToken:
                return
            await asyncio.sleep(0.002)
