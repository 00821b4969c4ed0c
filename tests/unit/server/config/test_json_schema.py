"""The JSON Schema of router.yaml."""

import re
from pathlib import Path

import msgspec
import pytest
import yaml
from jsonschema_rs import validator_for

from gateway.cli.config import validate
from gateway.cli.failure import CommandError
from gateway.server.config.json_schema import config_schema

COMMITTED = Path("docs/router.schema.json")
VALIDATOR = validator_for(config_schema())


def accepts(text: str) -> bool:
    return VALIDATOR.is_valid(yaml.safe_load(text))


def test_the_committed_one_is_the_codes() -> None:
    """`hansa config schema > docs/router.schema.json` makes it so."""
    assert msgspec.json.decode(COMMITTED.read_bytes()) == config_schema()


def test_the_platforms_own_configuration_is_valid() -> None:
    assert accepts(Path("compose/router.yaml").read_text())


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("supergraph: {introspection: true}", True),
        ("supergraph: {introspectoin: true}", False),
        ("supergraph: {introspection: '${env.INTROSPECTION:-true}'}", True),
        ("supergraph: {introspection: sometimes}", False),
        ("plugins: {shop.audit.Audit: {level: info}, experimental.expose_query_plan: true}", True),
        ("plugins: {audit: {level: info}}", False),
        ("plugins: {experimental.expose: true}", False),
        ("traffic_shaping: {subgraphs: {a: {timeout: 5s, experimental_http2: http2only}}}", True),
        ("traffic_shaping: {subgraphs: {a: {experimental_http2: http3}}}", False),
        ("limits: {http_max_request_bytes: many}", False),
        ("authentication: {router: {jwt: {jwks: []}}}", False),
        ("authentication: {router: {jwt: {jwks: [{url: 'https://a/jwks'}]}}}", True),
        ("authentication: {router: {jwt: {jwks: [{issuers: [a]}]}}}", False),
        ("plugins: {experimental.expose_query_plan: true}", True),
    ],
)
def test_it_accepts_what_the_router_does(text: str, *, valid: bool) -> None:
    assert accepts(text) is valid


def test_what_is_valid_is_said_and_what_is_not_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HANSA_NOWHERE", raising=False)
    file = tmp_path / "router.yaml"
    file.write_text("supergraph:\n  introspection: true\n")
    validate(file)
    assert capsys.readouterr().out == f"{file} is a configuration of the router\n"
    for text, fault in {
        "\nsupergraf: {}\n": ":2: Unknown key `supergraf`; did you mean `supergraph`?",
        "supergraph: {listen: '${env.HANSA_NOWHERE}'}\n": ":1: The environment variable HANSA_NOWHERE is not set",
    }.items():
        file.write_text(text)
        with pytest.raises(CommandError, match=re.escape(str(file) + fault)):
            validate(file)
