"""What the composition tests share: composing named SDLs, and the federation 2 link."""

from collections.abc import Callable

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
