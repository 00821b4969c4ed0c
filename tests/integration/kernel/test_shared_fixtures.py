"""The fixtures of the test session give each test servers to itself."""

from collections.abc import Callable, Mapping

import asyncpg
import nats
import redis.asyncio


async def test_a_database_is_empty_and_of_its_own(database_url: str, servers: Mapping[str, str]) -> None:
    assert database_url != servers["DATABASE_URL"]
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.close()


async def test_a_database_can_be_copied(create_database: Callable[..., str]) -> None:
    template = create_database()
    connection = await asyncpg.connect(template)
    await connection.execute("CREATE TABLE copied AS SELECT 7 AS value")
    await connection.close()
    copy = await asyncpg.connect(create_database(template=template))
    assert await copy.fetchval("SELECT value FROM copied") == 7
    await copy.close()


async def test_valkey_is_empty(redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left", "behind")


async def test_valkey_is_empty_again(redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0


async def test_nats_has_no_streams(nats_url: str) -> None:
    client = await nats.connect(nats_url)
    assert (await client.jetstream().account_info()).streams == 0
    await client.close()
