from pathlib import Path

import pytest

from gateway.server.config import parse_config
from gateway.server.metrics import Metrics
from gateway.server.subgraphs import SubgraphTransport, open_subgraphs
from gateway.supergraph import Supergraph

SUPERGRAPH = Path(__file__).parents[2] / "integration/server/supergraph.graphql"


def test_a_subgraph_that_is_not_there_is_told_and_does_not_stop_a_reload(
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = (
        "tls: {subgraph: {subgraphs: {revews: {}}}}\ntraffic_shaping: {subgraphs: {reviews: {timeout: 1s}}}"
    )
    supergraph = Supergraph.from_sdl(SUPERGRAPH.read_text())
    apps = {"products": nothing, "reviews": nothing}
    open_subgraphs(supergraph, parse_config(text, {}), apps=apps, metrics=Metrics())
    assert [record.getMessage() for record in caplog.records] == [
        "`tls.subgraph.subgraphs` names 'revews', which the supergraph does not have"
    ]


async def nothing(*_: object) -> None: ...


def test_a_subgraph_may_take_as_long_as_the_configuration_says() -> None:
    config = parse_config("traffic_shaping: {all: {timeout: 5m}, subgraphs: {reviews: {timeout: 1s}}}", {})
    supergraph = Supergraph.from_sdl(SUPERGRAPH.read_text())
    apps = {"products": nothing, "reviews": nothing}
    transports = open_subgraphs(supergraph, config, apps=apps, metrics=Metrics())
    seconds = {}
    for name, transport in transports.items():
        assert isinstance(transport, SubgraphTransport)
        seconds[name] = transport._inner._limits.response_timeout  # type: ignore[attr-defined] # the transport's own bound
    assert seconds == {"products": 300.0, "reviews": 1.0}
