"""A few cases of the crash matrix; `python -m tests.chaos.checkout` runs them all."""

import asyncio
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = ("--short", "--sample", "24", "--restart-every", "6")


@pytest.mark.timeout(900)  # five processes, two servers and their restarts, on a machine that may be busy
async def test_sales_survive_some_crashes() -> None:
    matrix = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.checkout", *CASES, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await matrix.communicate()
    assert matrix.returncode == 0, output.decode()
