"""A router with plugins over one subgraph that greets."""

from typing import Any

import pytest

from gateway.testing import FakeSubgraph, Harness, MakeHarness

SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@authenticated"])
type Query { greeting(to: String): String me: String @authenticated }
type Mutation { shout: String }
"""


@pytest.fixture
def greeter() -> FakeSubgraph:
    return FakeSubgraph(
        SDL,
        {"Query.greeting": lambda to="all": f"Hello {to}", "Query.me": "you", "Mutation.shout": "HELLO"},
    )


@pytest.fixture
def graph(router: MakeHarness, greeter: FakeSubgraph) -> Any:
    def make(*plugins: Any, **options: Any) -> Harness:
        return router({"greeter": greeter}, plugins=plugins, **options)

    return make
