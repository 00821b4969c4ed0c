"""What the command's tests share."""

import re
from pathlib import Path

import pytest

SUPERGRAPH = Path("tests/integration/server/supergraph.graphql")


@pytest.fixture
def sdl() -> str:
    """A supergraph whose subgraphs are elsewhere, and down."""
    return re.sub(r"app://(\w+)/", r"http://127.0.0.1:1/\1/", SUPERGRAPH.read_text())
