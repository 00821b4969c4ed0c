"""Guarantee: a proxy that starts while the control plane is away serves what it last knew, for as long as that counts."""

from pathlib import Path

import pytest

from subgraphs.tenants.dataplane.kept import News, Store
from tests.integration.proxy.control import KEY, Control, configuration
from tests.integration.proxy.gateways import Gateway, gateway, until
from tests.integration.proxy.upstreams import Server

WEEK = 7 * 86_400


@pytest.fixture
async def known(control: Control, upstream: Server, tmp_path: Path) -> Path:
    """The directory of a proxy that has served ada by her key; the control plane is down since."""
    control.set(configuration(upstream.url))
    control.issue(KEY)
    async with gateway(control, tmp_path) as proxy:
        assert await status(proxy) == 200
    control.is_down = True
    return tmp_path


async def status(proxy: Gateway, key: str = KEY) -> int:
    return (await proxy.ask("/keyed", key=key)).status


def age(directory: Path, seconds: float) -> None:
    """Let the control plane have been heard so many seconds earlier."""
    store, news = Store(directory), News()
    kept = store.load()
    news.sequence, news.heard_at = kept.sequence, kept.heard_at - seconds
    store.write(news)
    store.close()


async def test_it_serves_open_routes_and_keys(control: Control, known: Path) -> None:
    async with gateway(control, known) as proxy:
        assert (await proxy.ask("/")).status == 200
        reply = await proxy.ask("/keyed", key=KEY)
        assert (reply.status, ("x-hansa-consumer", "ada") in reply.seen) == (200, True)
        stranger = await proxy.ask("/keyed", key="hk_stranger")
        assert (stranger.status, stranger.json["policy"]) == (503, "key")


async def test_a_key_counts_no_longer_than_without_a_start(
    control: Control, upstream: Server, known: Path
) -> None:
    age(known, 61)
    async with gateway(control, known) as proxy:
        assert (await proxy.ask("/")).status == 200
        assert await status(proxy) == 503
        control.set(configuration(upstream.url, tenant="other", hosts=["other.example.com"]))
        control.is_down = False

        async def is_heard() -> bool:
            return (await proxy.ask("/", host="other.example.com")).status == 200

        await until(is_heard)
        assert await status(proxy) == 200
        assert control.finds == 1, "the feed vouches for what was kept"


async def test_a_key_that_was_revoked_stays_refused(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    control.set(configuration(upstream.url))
    control.issue(KEY)
    control.issue("other")
    async with gateway(control, tmp_path) as proxy:
        assert await status(proxy) == 200
        assert await status(proxy, "other") == 200
        control.revoke("other")
        await until(lambda: is_refused(proxy, "other"))
    control.is_down = True
    async with gateway(control, tmp_path) as proxy:
        assert await status(proxy) == 200
        assert await status(proxy, "other") == 503


async def is_refused(proxy: Gateway, key: str) -> bool:
    return await status(proxy, key) != 200


async def test_a_key_that_was_revoked_meanwhile_is_refused_once_the_feed_is_heard(
    control: Control, known: Path
) -> None:
    control.revoke(KEY)
    async with gateway(control, known) as proxy:
        assert await status(proxy) == 200
        control.is_down = False
        await until(lambda: is_refused(proxy, KEY))
        assert await status(proxy) == 401


async def test_what_is_too_old_is_not_served(control: Control, known: Path) -> None:
    age(known, WEEK)
    async with gateway(control, known) as proxy:
        reply = await proxy.ask("/")
        assert (reply.status, reply.json["policy"]) == (503, "configuration")
    async with gateway(control, known, HANSA_PROXY_KEPT_FOR=str(2 * WEEK)) as proxy:
        assert (await proxy.ask("/")).status == 200


async def test_a_clock_that_goes_back_vouches_for_no_key(control: Control, known: Path) -> None:
    age(known, -3600)
    async with gateway(control, known) as proxy:
        assert (await proxy.ask("/")).status == 200
        assert await status(proxy) == 503


async def test_keys_need_not_be_kept(control: Control, known: Path) -> None:
    control.is_down = False
    async with gateway(control, known, HANSA_PROXY_KEEP_KEYS="false") as proxy:
        assert await status(proxy) == 200
    control.is_down = True
    async with gateway(control, known) as proxy:
        assert (await proxy.ask("/")).status == 200
        assert await status(proxy) == 503


async def test_what_is_kept_may_be_broken(control: Control, known: Path) -> None:
    (known / "known.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    async with gateway(control, known) as proxy:
        assert (await proxy.ask("/")).status == 503
        control.is_down = False

        async def is_served() -> bool:
            return await status(proxy) == 200

        await until(is_served)
