"""A cluster for a worker's tests, started by the first that asks: whole before each test, with whatever nodes in charge."""

from collections.abc import Iterator

import pytest

from tests.integration.valkey.servers import Cluster


@pytest.fixture(scope="session")
def started_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(started_cluster: Cluster) -> Cluster:
    """Empty, of three primaries and a replica."""
    started_cluster.mend()
    return started_cluster
