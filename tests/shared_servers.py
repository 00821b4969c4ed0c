"""Run the embedded servers for one test session, however many worker processes it has.

The first worker that needs them starts this script; it writes `urls.json` and then waits for the lock on
`users`, which every worker shares until it ends. So the servers outlive the worker that came first and
never outlive the last one, however it ends.
"""

import asyncio
import fcntl
import json
import os
import shutil
import sys
from pathlib import Path

from common.embedded import EmbeddedServers


async def main(folder: Path) -> None:
    servers = EmbeddedServers(folder / "data", os.environ)
    urls = await servers.start()
    try:
        part = folder / "urls.part"
        part.write_text(json.dumps(dict(urls)))
        part.rename(folder / "urls.json")
        with (folder / "users").open() as users:
            await asyncio.to_thread(fcntl.flock, users, fcntl.LOCK_EX)
            (folder / "urls.json").unlink()
            await servers.stop()
            shutil.rmtree(folder / "data", ignore_errors=True)
    finally:
        await servers.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
