"""What a process has used."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Its CPU time so far, in user and kernel mode."""
    return sum(_times(Path(f"/proc/{pid}"))[11:13]) / _TICKS


def family_cpu_seconds(pid: int) -> float:
    """Its CPU time, that of its children, and that of those that have ended."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = _times(folder)
        except OSError:  # it has just ended
            continue
        if int(folder.name) == pid:
            total += sum(fields[11:15])
        elif fields[1] == pid:
            total += sum(fields[11:13])
    return total / _TICKS


def _times(folder: Path) -> list[int]:
    """The fields of `/proc/PID/stat` behind the command, without the state; that and what follows have proc(5)'s numbers less 3."""
    return [0, *map(int, (folder / "stat").read_text().rpartition(")")[2].split()[1:])]
