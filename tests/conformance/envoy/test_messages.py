"""Envoy's own messages, as published, are what the limiter reads and answers."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.integration.ratelimit.conftest import TOKEN

CLIENT = Path(__file__).parent / "client.py"
ENVIRONMENT = ["--isolated", "--no-project", "--with", "xds-protos==1.85.0", "--with", "grpcio~=1.85.0"]
UV = Path(sys.executable).parent / "uv"


async def test_a_client_with_envoys_messages_is_answered_in_them(service: Any, grpc_address: str) -> None:
    await service.put("per-user", algorithm="FIXED_WINDOW", limit=2, period=3_600, by=["user"])
    first, second, third = await ask(grpc_address)
    assert [each["overallCode"] for each in (first, second, third)] == ["OK", "OK", "OVER_LIMIT"]
    (status,) = first["statuses"]
    limit = {"requestsPerUnit": 2, "unit": "HOUR", "name": "per-user"}
    assert (status["code"], status["currentLimit"], status["limitRemaining"]) == ("OK", limit, 1)
    assert 0 < float(status["durationUntilReset"].removesuffix("s")) <= 3_600
    assert {"key": "ratelimit-policy", "value": '"per-user";q=2;w=3600'} in third["responseHeadersToAdd"]


async def ask(address: str) -> list[dict[str, Any]]:
    command = [
        UV,
        "run",
        "--quiet",
        "--python",
        sys.executable,
        *ENVIRONMENT,
        "python",
        CLIENT,
        address,
        TOKEN,
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(240):
        printed, _ = await process.communicate()
    assert process.returncode == 0
    answers: list[dict[str, Any]] = json.loads(printed)
    return answers
