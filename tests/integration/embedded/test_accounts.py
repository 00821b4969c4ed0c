"""The servers run as an ordinary user whether root or that user starts them."""

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from common.embedded import EmbeddedServers, launch

PROGRAM = """
import asyncio, os, pathlib, sys
from common.embedded import EmbeddedServers

async def main():
    servers = EmbeddedServers(pathlib.Path(sys.argv[1]), {})
    await servers.start()
    await servers.stop()
    print(os.geteuid())

asyncio.run(main())
"""

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@only_root
async def test_root_starts_them_as_nobody(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    servers = EmbeddedServers(tmp_path, {})
    await servers.start()
    try:
        started = set(psutil.Process().children()) - before
        assert [child.username() for child in started] == ["nobody"] * 3
    finally:
        await servers.stop()


@only_root
def test_an_ordinary_user_starts_them_too(tmp_path: Path) -> None:
    user = pwd.getpwnam("daemon")
    directory = tmp_path / "own"
    directory.mkdir()
    os.chown(directory, user.pw_uid, user.pw_gid)
    # the launcher gets the user past folders of root's in which Python may be
    result = subprocess.run(
        [
            *(sys.executable, launch.__file__, str(os.getpid()), str(int(signal.SIGTERM))),
            *(str(user.pw_uid), str(user.pw_gid), str(directory), sys.executable),
            *("--", sys.executable, "-c", PROGRAM, str(directory)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "XDG_RUNTIME_DIR": "", "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, f"{user.pw_uid}\n")
    assert (directory / "postgresql").stat().st_uid == user.pw_uid


@only_root
def test_a_server_keeps_no_capability_that_it_does_not_need(tmp_path: Path) -> None:
    user = pwd.getpwnam("nobody")
    for folder, expected in (("/tmp", 0), (str(tmp_path), 1)):
        result = subprocess.run(
            [
                *(sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(signal.SIGTERM))),
                *(str(user.pw_uid), str(user.pw_gid), folder),
                *("--", "/bin/cat", "/proc/self/status"),
            ],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        effective = next(line for line in result.stdout.splitlines() if line.startswith("CapEff"))
        assert int(effective.split()[1], 16).bit_count() == expected
