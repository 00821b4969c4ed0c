"""Clients and audits from npm, each with a lock in a folder of its own, and the Node to run them."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

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
