"""Clients and audits from npm, each with a lock in a folder of its own, and the Node to run them."""

import asyncio
import fcntl
import os
import subprocess
import sys
from pathlib import Path

from gateway.server.app import create_router_app
from gateway.server.config import LOCAL
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from tests.integration.server.graph import products, reviews
from tests.integration.server.serving import serving

SUPERGRAPH = Path(__file__).parents[1] / "integration/server/supergraph.graphql"
# `make setup` installs Node beside this Python where the machine has none.
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def install(folder: Path) -> None:
    """Installs what the folder's lock names, once, whoever else wants it at the same time."""
    lock, done = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    with (folder / "package.json").open() as package:
        fcntl.flock(package, fcntl.LOCK_EX)
        if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
            command = ["npm", "ci", "--no-fund", "--no-audit", "--loglevel=error"]
            subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, timeout=300)


async def run_beside_router(script: Path, *arguments: str) -> bytes:
    """What the script prints, given the URL of a router as `hansa serve` runs it without a file, and `arguments`."""
    supergraph = Supergraph.from_sdl(SUPERGRAPH.read_text())
    router = Router(supergraph, LOCAL, apps={"products": products(), "reviews": reviews()})
    return await run_beside(router, script, *arguments)


async def run_beside(router: Router, script: Path, *arguments: str) -> bytes:
    """What the script prints, given the URL of `router`, which is served meanwhile, and `arguments`."""
    async with serving(create_router_app(router)) as url:
        process = await asyncio.create_subprocess_exec(
            "node", script, f"{url}/graphql", *arguments, env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    return output
