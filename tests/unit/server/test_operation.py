"""What the router does not run is refused while it is prepared."""

import pytest

from gateway.server.config import LOCAL, RouterConfig, parse_config
from gateway.server.errors import RequestError
from gateway.server.metrics import Metrics
from gateway.server.operation import Preparation
from gateway.supergraph import Supergraph

SDL = """
schema @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) { query: Query subscription: Subscription }
enum join__Graph { A @join__graph(name: "a", url: "http://a") }
type Query @join__type(graph: A) { a: Int }
type Subscription @join__type(graph: A) { a: Int }
"""


OFF = parse_config("supergraph: {defer_support: false}", {})


@pytest.mark.parametrize(
    ("operation", "config", "message"),
    [
        ("subscription { a }", RouterConfig(), "Subscriptions are switched off"),
        ("{ ... @defer { a } }", OFF, "@defer is switched off"),
    ],
)
async def test_what_is_planned_and_not_served_is_refused(
    operation: str, config: RouterConfig, message: str
) -> None:
    preparation = Preparation(Supergraph.from_sdl(SDL), config, Metrics())
    document = await preparation.read(operation, None)
    with pytest.raises(RequestError) as caught:
        await preparation.plan(document, frozenset())
    preparation.close()
    assert caught.value.errors == [{"message": message, "extensions": {"code": "UNSUPPORTED_OPERATION"}}]


async def test_a_document_of_several_operations_may_defer() -> None:
    preparation = Preparation(Supergraph.from_sdl(SDL), LOCAL, Metrics())
    document = await preparation.read("query A { ... @defer { a } } query B { a }", "A")
    assert document.operation_name == "A"
    preparation.close()
