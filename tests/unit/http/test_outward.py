"""What somebody else wrote down leads to public addresses or nowhere."""

import asyncio
import socket
from typing import Any

import pytest

from common.http import ConnectError, TransportLimits
from common.http.outward import InnerAddress, open_outward

LIMITS = TransportLimits()


async def opened(url: str, *, may_be_inner: bool = False) -> str:
    transport = await open_outward(url, may_be_inner=may_be_inner, limits=LIMITS)
    await transport.close()
    return transport.url


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
        "[2002:7f00:1::]",
        "[64:ff9b::a00:1]",
        "2130706433",
        "localhost",
    ],
)
async def test_an_inner_address_is_refused_unless_it_is_allowed(host: str) -> None:
    with pytest.raises(InnerAddress):
        await opened(f"https://{host}/x")
    assert await opened(f"https://{host}/x", may_be_inner=True)


async def test_a_public_address_is_gone_to() -> None:
    assert await opened("https://93.184.216.34/x?y=1")
    with pytest.raises(InnerAddress, match="http"):
        await opened("http://93.184.216.34/x")


async def test_one_inner_address_among_a_names_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, 0, 0, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    with pytest.raises(InnerAddress):
        await opened("https://rp.example/")


@pytest.mark.parametrize(
    "url", ["", "rp.example", "ftp://rp.example/", "https://", "https://x:y/", "//rp.example"]
)
async def test_what_is_no_url_leads_nowhere(url: str) -> None:
    with pytest.raises(ConnectError):
        await opened(url, may_be_inner=True)
