"""What a process has used."""

import os
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """Its CPU time so far, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
