"""Become a server: drop root, ask to be signalled when the parent dies, and execute the command.

Run as a script with `python -I -S`, so it imports the standard library only. Its arguments are
`PARENT_PID SIGNAL UID GID REACHABLE... -- COMMAND...`; REACHABLE are paths that the account must be able to
enter. Where a parent folder forbids that (a checkout under `/root`), the server keeps the one capability
that lets it pass, instead of our changing the permissions of folders that are not ours.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _prctl(option: int, value: int, argument: int = 0) -> None:
    if _libc.prctl(option, value, argument, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _keep_only(capability: int) -> None:
    bit = 1 << capability
    sets = (_Sets * 2)(_Sets(bit, bit, bit), _Sets(0, 0, 0))
    if _libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def _reachable(paths: list[str]) -> bool:
    return all(os.access(path, os.X_OK) for path in paths)


def _become(uid: int, gid: int, reachable: list[str]) -> None:
    """Switch to the account, with no capability when it can enter all paths, else with the least."""
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        os._exit(0 if _reachable(reachable) else 1)
    blocked = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0
    if blocked:
        # Without this bit access(2) ignores the capabilities of a user who is not root,
        # and PostgreSQL looks for its own files with access(2).
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if blocked:
        try:
            _keep_only(CAP_DAC_READ_SEARCH)
        except OSError:  # what containers usually have instead
            _keep_only(CAP_DAC_OVERRIDE)


def main(arguments: list[str]) -> None:
    """Never returns: the process is the server afterwards, or has ended."""
    parent, death_signal, uid, gid = (int(value) for value in arguments[:4])
    split = arguments.index("--")
    reachable, command = arguments[4:split], arguments[split + 1 :]
    if os.geteuid() != uid:
        try:
            _become(uid, gid, reachable)
        except OSError as error:
            sys.exit(
                f"user {uid} cannot be given access to {' '.join(reachable)}: {error}. "
                "Use a folder that other users may enter, or run as an ordinary user."
            )
    _prctl(PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:  # it died before the request above
        sys.exit("the parent has ended")
    os.execv(command[0], command)  # noqa: S606  the one purpose of this script


if __name__ == "__main__":
    main(sys.argv[1:])
