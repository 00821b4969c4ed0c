"""The router trusts the subgraphs that it is told to, shows them who it is, and is itself known to clients."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from common.http.tls import Certificate, server_tls
from gateway.server.config import parse_config
from tests.integration.cli.test_serve import serving as serving_command
from tests.integration.server.authority import Authority
from tests.integration.server.graph import SubgraphApp
from tests.integration.server.serving import serving

QUERY = {"query": "{products(first: 1) {name reviews {body}}}"}
WHOLE = {"data": {"products": [{"name": "Chair", "reviews": [{"body": "Good Chair"}]}]}}


class Authorities(NamedTuple):
    ours: Authority
    other: Authority


class Handshake(NamedTuple):
    """Whose subgraphs the router trusts, whose certificate it shows, and whether that is enough."""

    requires_client: bool
    trusts: str | None
    shows: str | None
    agrees: bool


@pytest.fixture(scope="module")
def authorities() -> Authorities:
    return Authorities(Authority(), Authority())


@asynccontextmanager
async def subgraph(app: SubgraphApp, authority: Authority, *, requires_client: bool) -> AsyncIterator[str]:
    """The URL of a subgraph by TLS, whose certificate, and whose clients', are those of `authority`."""
    context = server_tls(Certificate(*authority.issue()))
    if requires_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=authority.pem)
    async with serving(app, tls=context) as url:
        yield f"{url}/graphql"


@pytest.mark.parametrize("http2", ["disable", "enable"])
@pytest.mark.parametrize(
    "handshake",
    [
        Handshake(False, "ours", None, True),
        Handshake(False, "other", None, False),
        Handshake(False, None, None, False),
        Handshake(True, "ours", "ours", True),
        Handshake(True, "ours", "other", False),
        Handshake(True, "ours", None, False),
        Handshake(True, "other", "ours", False),
        Handshake(False, "ours", "other", True),
    ],
)
async def test_handshakes(
    make_router: Any,
    client_of: Any,
    subgraphs: dict[str, SubgraphApp],
    authorities: Authorities,
    handshake: Handshake,
    *,
    http2: str,
) -> None:
    environment, tls = {}, ""
    if handshake.trusts:
        environment["CA"] = getattr(authorities, handshake.trusts).pem
        tls += "certificate_authorities: '${env.CA}', "
    if handshake.shows:
        environment["CHAIN"], environment["KEY"] = getattr(authorities, handshake.shows).issue()
        tls += "client_authentication: {certificate_chain: '${env.CHAIN}', key: '${env.KEY}'}"
    async with subgraph(
        subgraphs["reviews"], authorities.ours, requires_client=handshake.requires_client
    ) as url:
        config = parse_config(
            f"tls: {{subgraph: {{subgraphs: {{reviews: {{{tls}}}}}}}}}\n"
            f"override_subgraph_url: {{reviews: '{url}'}}\n"
            f"traffic_shaping: {{all: {{experimental_http2: {http2}}}}}",
            environment,
        )
        async with client_of(make_router(config)) as client:
            answer = (await client.post("/graphql", json=QUERY)).json()
    if handshake.agrees:
        assert answer == WHOLE
    else:
        assert answer["data"] == {"products": [{"name": "Chair", "reviews": None}]}
        assert "'reviews' failed" in answer["errors"][0]["message"]
        assert subgraphs["reviews"].requests == []


async def test_what_holds_for_all_holds_for_each_that_says_nothing_else(
    make_router: Any, client_of: Any, subgraphs: dict[str, SubgraphApp], authorities: Authorities
) -> None:
    text = """
tls:
  subgraph:
    all: {certificate_authorities: '${env.CA}'}
    subgraphs:
      reviews: {client_authentication: {certificate_chain: '${env.CHAIN}', key: '${env.KEY}'}}
"""
    chain, key = authorities.ours.issue()
    async with (
        subgraph(subgraphs["products"], authorities.ours, requires_client=False) as products,
        subgraph(subgraphs["reviews"], authorities.ours, requires_client=True) as reviews,
    ):
        urls = f"override_subgraph_url: {{products: '{products}', reviews: '{reviews}'}}"
        config = parse_config(text + urls, {"CA": authorities.ours.pem, "CHAIN": chain, "KEY": key})
        async with client_of(make_router(config)) as client:
            assert (await client.post("/graphql", json=QUERY)).json() == WHOLE


@pytest.mark.parametrize("spoilt", ["CA", "CHAIN", "KEY"])
def test_what_is_no_certificate_is_refused_by_the_subgraphs_name(
    make_router: Any, authorities: Authorities, spoilt: str
) -> None:
    chain, key = authorities.ours.issue()
    environment = {"CA": authorities.ours.pem, "CHAIN": chain, "KEY": key, spoilt: "nothing of the kind"}
    text = (
        "tls: {subgraph: {all: {certificate_authorities: '${env.CA}',"
        " client_authentication: {certificate_chain: '${env.CHAIN}', key: '${env.KEY}'}}}}"
    )
    with pytest.raises(ValueError, match=r"`tls\.subgraph` of 'products': The certificate"):
        make_router(parse_config(text, environment))


def test_a_key_of_another_certificate_or_with_a_password_is_refused(authorities: Authorities) -> None:
    chain, key = authorities.ours.issue()
    with pytest.raises(ValueError, match="KEY_VALUES_MISMATCH"):
        server_tls(Certificate(authorities.ours.issue()[0], key))
    with pytest.raises(ValueError, match="has a password"):
        server_tls(Certificate(*authorities.ours.issue(password=b"x")))
    assert key not in repr(Certificate(chain, key))


def test_hansa_serve_is_known_by_its_certificate_and_the_chain_to_its_root(
    tmp_path: Path, authorities: Authorities
) -> None:
    intermediate = authorities.ours.intermediate()
    certificate, key = intermediate.issue()
    for name, text in (("cert", certificate), ("chain", intermediate.pem), ("key", key)):
        (tmp_path / f"{name}.pem").write_text(text)
    config = tmp_path / "router.yaml"
    config.write_text(f"""
tls:
  supergraph:
    certificate: ${{file.{tmp_path}/cert.pem}}
    certificate_chain: ${{file.{tmp_path}/chain.pem}}
    key: ${{file.{tmp_path}/key.pem}}
""")
    supergraph = tmp_path / "supergraph.graphql"
    text = (Path(__file__).parent / "supergraph.graphql").read_text()
    supergraph.write_text(text.replace("app://", "http://127.0.0.1:1/"))
    arguments = ("--supergraph", supergraph, "--config", config, "--listen", "127.0.0.1:0")
    with serving_command(*arguments) as (url, _):
        assert url.startswith("https://")
        trusting = ssl.create_default_context(cadata=authorities.ours.pem)
        assert httpx.post(url, json={"query": "{__typename}"}, verify=trusting).json()["data"]
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            httpx.post(url, json={"query": "{__typename}"})
