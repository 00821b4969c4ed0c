"""Named places at which a test can make a process die, stop or fail.

`FAILPOINT=name:kill` in the environment makes the process kill itself when it reaches `failpoint(name)`; `pause` sends
SIGSTOP, `error` raises, and `@n` waits for the n-th time. Without the variable a failpoint is one comparison.
"""

import ast
import importlib.util
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

ACTIONS = ("kill", "pause", "error")


class FailpointError(Exception):
    """What `error` raises; no product code catches it by name."""


class _Armed(Struct):
    name: str
    action: str
    remaining: int


def failpoint(name: str) -> None:
    """Do here what the environment asks for at `name`."""
    if _armed is not None and _armed.name == name:
        _reach(_armed)


def names(package: str) -> frozenset[str]:
    """The names of all failpoints in the source of `package`, so that a test finds new ones by itself."""
    spec = importlib.util.find_spec(package)
    locations = (spec.submodule_search_locations if spec else None) or ()
    files = (file for location in locations for file in Path(location).rglob("*.py"))
    return frozenset(name for file in files for name in _called(ast.parse(file.read_text())))


def _called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="failpoint"), args=[ast.Constant(value=str(name))]):
                yield name


def _reach(armed: _Armed) -> None:
    armed.remaining -= 1
    if armed.remaining != 0:
        return
    match armed.action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "pause":
            os.kill(os.getpid(), signal.SIGSTOP)
        case _:
            raise FailpointError(armed.name)


def _parse(setting: str) -> _Armed | None:
    """What `FAILPOINT` says. Raises ValueError when it says nothing that can be done."""
    if not setting:
        return None
    name, _, rest = setting.partition(":")
    action, _, count = rest.partition("@")
    if action not in ACTIONS or not (count or "1").isdecimal():
        raise ValueError(f"FAILPOINT={setting}: expected name:{'|'.join(ACTIONS)} and perhaps @number")
    return _Armed(name, action, int(count or "1"))


_armed = _parse(os.environ.get("FAILPOINT", ""))
