"""A program that uses a code or adds an app, for the crash tests to kill."""

import asyncio
import os
import sys
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from common.database import Database
from common.sealing import Sealer
from common.settings import Secret
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.service.codes import Codes
from subgraphs.identity.throttle import SignInThrottle


async def main() -> None:
    action, user_id, *arguments = sys.argv[1:]
    database = Database.open(os.environ["DATABASE_URL"], schema="identity")
    sealer = Sealer.from_setting(Secret(os.environ["HANSA_KEY_ENCRYPTION_KEY"]))
    unused: Any = None  # neither sends a letter nor asks for a step-up
    async with Redis.from_url(os.environ["REDIS_URL"]) as redis:
        throttle = SignInThrottle(redis, of="second-factor")
        codes = Codes(database, sealer, unused, links=unused, step_up=unused, throttle=throttle)
        if action == "check":
            await codes.check(UUID(user_id), arguments[0], Origin())
        else:
            await codes.confirm(UUID(user_id), UUID(arguments[0]), arguments[1], Origin())
    await database.close()


asyncio.run(main())
