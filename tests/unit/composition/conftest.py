"""What the composition tests share: composing named SDLs, and the federation 2 link."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.composition import CompositionResult, Subgraph, compose

ALL = [
    "@key",
    "@requires",
    "@provides",
    "@external",
    "@extends",
    "@shareable",
    "@override",
    "@inaccessible",
    "@tag",
    "@interfaceObject",
    "@authenticated",
    "@requiresScopes",
    "@policy",
    "@cost",
    "@listSize",
    "@cacheTag",
    "@composeDirective",
    "@context",
    "@fromContext",
]


def link(version: str = "v2.12", names: list[str] | None = None) -> str:
    imports = ", ".join(f'"{name}"' for name in (ALL if names is None else names))
    return f'extend schema @link(url: "https://specs.apollo.dev/federation/{version}", import: [{imports}])\n'


Compose = Callable[..., CompositionResult]


@pytest.fixture
def composed() -> Compose:
    """Compose federation 2 subgraphs given as name=sdl; the link comes by itself."""

    def run(**sdls: str) -> CompositionResult:
        return compose(
            Subgraph(name=name, sdl=link() + sdl, url=f"http://{name}") for name, sdl in sdls.items()
        )

    return run


CASES = Path(__file__).parent / "cases"
OLD_IMPORTS = ["@key", "@shareable", "@external", "@requires"]
ComposeCase = Callable[[str, str, int], CompositionResult]


@pytest.fixture
def composed_case() -> ComposeCase:
    """Compose a half, counted from 1, of a file under `cases/`: kind, code, half."""

    def run(kind: str, code: str, half: int) -> CompositionResult:
        text = (CASES / kind / f"{code}.graphql").read_text()
        return compose(_subgraphs(re.split(r"^# .+\n", text, flags=re.MULTILINE)[half]))

    return run


def _subgraphs(text: str) -> list[Subgraph]:
    parts = re.findall(r"^## (\w+)(.*)\n((?:(?!## ).*\n)*)", text, flags=re.MULTILINE)
    return [Subgraph(name=name, sdl=_linked(note.strip(), sdl)) for name, note, sdl in parts]


def _linked(note: str, sdl: str) -> str:
    if note == "as written":
        return sdl
    version = note.removeprefix("links ")
    return (link(version, OLD_IMPORTS) if version else link()) + sdl
