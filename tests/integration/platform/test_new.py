import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from common.service import ENTRY_POINT_GROUP

ROOT = Path(__file__).parents[3]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository like this one, with this one's libraries."""
    shutil.copytree(ROOT / "subgraphs", tmp_path / "subgraphs", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests").mkdir()
    for name in ("common", "gateway", "tests/conftest.py", "tests/shared_servers.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(repository: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def hansa(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(repository, "-c", "from gateway.cli import main; main()", *arguments)


def test_a_new_subgraph_composes_and_passes_its_tests(repository: Path, servers: Mapping[str, str]) -> None:
    made = hansa(repository, "new", "ships")
    assert made.returncode == 0, made.stderr
    assert 'ships = "subgraphs.ships.app:service"' in (repository / "pyproject.toml").read_text()
    tests = ("tests/unit/ships", "tests/integration/ships")
    tested = run(repository, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *tests, **servers)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    linted = run(repository, "-m", "ruff", "check", "subgraphs/ships", "tests")
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("Ships",), "is not a name"),
        (("../x",), "is not a name"),
        (("fish",), "is not an entity's name"),
        (("ships", "--entity", "ship"), "is not an entity's name"),
        (("identity",), "exists already"),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(
    repository: Path, arguments: tuple[str, ...], reason: str
) -> None:
    before = (repository / "pyproject.toml").read_text()
    refused = hansa(repository, "new", *arguments)
    assert (refused.returncode, reason in refused.stderr) == (2, True)
    assert (repository / "pyproject.toml").read_text() == before


def test_elsewhere_it_says_what_is_missing(tmp_path: Path) -> None:
    refused = run(
        tmp_path, "-c", "from gateway.cli import main; main()", "new", "ships", PYTHONPATH=str(ROOT)
    )
    assert refused.returncode == 2
    assert ENTRY_POINT_GROUP in refused.stderr
