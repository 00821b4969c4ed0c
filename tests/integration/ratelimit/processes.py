"""Processes that contend for limits: forked after one has imported all, each tells what it found as a line of JSON."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).parents[3]
PATIENCE = 120  # seconds


async def contended(module: str, url: str, processes: int) -> list[dict[str, int]]:
    """What each of so many processes was given by `contend(url)` of the module."""
    script = f"import {module} as t, {__name__} as p; p.fork(t.contend, {url!r}, {processes})"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=ROOT, stdout=subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await parent.communicate()
    assert parent.returncode == 0
    return [json.loads(line) for line in output.splitlines()]


def fork(contend: Callable[[str], Awaitable[dict[str, int]]], url: str, processes: int) -> None:
    """In the parent."""
    children = [_start(contend, url) for _ in range(processes)]
    ends = [os.waitpid(child, 0)[1] for child in children]
    sys.exit(any(ends))


def _start(contend: Callable[[str], Awaitable[dict[str, int]]], url: str) -> int:
    child = os.fork()
    if child == 0:

        async def tell() -> None:
            os.write(sys.stdout.fileno(), json.dumps(await contend(url)).encode() + b"\n")

        asyncio.run(tell())
        os._exit(0)
    return child
