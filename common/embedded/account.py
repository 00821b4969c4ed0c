"""The operating system account that the servers run as, and the folders they own.

PostgreSQL refuses to run as root, so root starts all servers as `nobody`; anybody else starts them as
themselves.
"""

import os
import pwd
import shutil
import stat
from pathlib import Path

from msgspec import Struct

UNPRIVILEGED = "nobody"


class EmbeddedError(Exception):
    """An embedded server cannot be started; the message says why and what to do."""


class Account(Struct, frozen=True):
    """A numeric user and group id."""

    uid: int
    gid: int


def server_account() -> Account:
    """The account for the servers of this process.

    Raises:
        EmbeddedError: running as root on a machine that has no `nobody`.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and this machine has no account {UNPRIVILEGED!r}. "
            "Run as an ordinary user, or set DATABASE_URL, REDIS_URL and NATS_URL.",
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def own_folder(path: Path, account: Account) -> Path:
    """Make `path` a folder that only `account` may enter, and give it back.

    Raises:
        EmbeddedError: something else stands there, or it belongs to another account.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or path.stat().st_uid not in {os.geteuid(), account.uid}:
            raise EmbeddedError(f"{path} belongs to another account. Remove it, or use another directory.")
        path.chmod(stat.S_IRWXU)
        if os.geteuid() == 0:
            os.chown(path, account.uid, account.gid)
    except OSError as error:
        raise EmbeddedError(f"{path} cannot be used for the servers' files: {error.strerror}.") from error
    return path


def empty_folder(path: Path, account: Account) -> Path:
    """Like `own_folder`, without what an earlier run left in it."""
    own_folder(path, account)
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return path
