"""The shared cases, and subgraphs that answer them in process."""

import gzip
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conformance.planning.differential import load_mockgraph


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = Path(os.environ.get("HANSA_SHARED", "../shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared cases at {folder}: set HANSA_SHARED")
    return folder


@pytest.fixture(scope="session")
def plan_cases(shared: Path) -> list[dict[str, Any]]:
    with gzip.open(shared / "planning" / "hive-router.jsonl.gz", "rt") as lines:
        next(lines)
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def audit_suites(shared: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted((shared / "audit").glob("*.json"))]


@pytest.fixture(scope="session")
def mockgraph(shared: Path) -> ModuleType:
    return load_mockgraph(shared)
