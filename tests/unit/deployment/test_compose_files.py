"""The files under compose/ agree with the code and with one another, as far as that shows without an engine."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.service import installed_service

COMPOSE = Path(__file__).parents[3] / "compose"
SERVICES = sorted(each.name for each in entry_points(group="hansa.subgraphs"))
SUBGRAPHS = [name for name in SERVICES if installed_service(name).in_graph]


@pytest.fixture(scope="module")
def containers() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    return document


def test_each_service_has_a_container_that_runs_it_alone(containers: dict[str, Any]) -> None:
    for name in SERVICES:
        assert containers["services"][name]["command"] == ["subgraph", name, "--listen", "0.0.0.0:8000"]


def test_router_waits_for_each_service_to_be_ready(containers: dict[str, Any]) -> None:
    waits = containers["services"]["router"]["depends_on"]
    assert {name for name, wait in waits.items() if wait["condition"] == "service_healthy"} == set(SERVICES)


def test_what_is_waited_for_exists_and_can_be_healthy(containers: dict[str, Any]) -> None:
    services = containers["services"]
    for name, service in services.items():
        for needed, wait in service.get("depends_on", {}).items():
            assert needed in services, f"{name} waits for {needed}"
            assert wait["condition"] != "service_healthy" or "healthcheck" in services[needed]


def test_named_volumes_are_declared(containers: dict[str, Any]) -> None:
    used = {
        volume.split(":")[0]
        for service in containers["services"].values()
        for volume in service.get("volumes", ())
        if not volume.startswith(".")
    }
    assert used == set(containers["volumes"])


def test_each_secret_stands_in_the_example_environment(containers: dict[str, Any]) -> None:
    example = (COMPOSE / "example.env").read_text()
    for name in ("POSTGRES_PASSWORD", "HANSA_KEY_ENCRYPTION_KEY"):
        assert f"${{{name}:?" in str(containers)
        assert f"\n{name}=\n" in f"\n{example}"


def test_letters_are_kept_in_a_volume_until_a_server_is_named(containers: dict[str, Any]) -> None:
    identity = containers["services"]["identity"]
    volume, _, folder = identity["volumes"][0].partition(":")
    assert volume in containers["volumes"]
    assert identity["environment"]["HANSA_MAIL_URL"] == f"${{HANSA_MAIL_URL:-file://{folder}/mail}}"


@pytest.mark.parametrize(
    ("key", "holder"),
    [("HANSA_KEY_ENCRYPTION_KEY", "identity"), ("HANSA_PAYMENTS_KEY_ENCRYPTION_KEY", "payments")],
)
def test_a_key_that_seals_secrets_is_one_services_alone(
    containers: dict[str, Any], key: str, holder: str
) -> None:
    services = containers["services"].items()
    assert [name for name, each in services if key in each.get("environment", {})] == [holder]


def test_each_service_is_composed_from_its_committed_schema() -> None:
    subgraphs = yaml.safe_load((COMPOSE / "supergraph.yaml").read_text())["subgraphs"]
    assert sorted(subgraphs) == SUBGRAPHS
    for name, subgraph in subgraphs.items():
        assert (
            COMPOSE / subgraph["schema"]["file"]
        ).resolve() == COMPOSE.parent / "subgraphs" / name / "schema.graphql"


def test_embedded_and_container_nats_both_sync_before_they_acknowledge() -> None:
    assert "sync_interval: always" in (COMPOSE / "nats.conf").read_text()
