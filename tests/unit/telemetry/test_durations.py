"""What Prometheus reads is what its own client would tell of the same observations."""

from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from common.telemetry.durations import SECONDS, Durations

OBSERVATIONS = st.lists(st.tuples(st.sampled_from(["200", "TIMEOUT"]), st.floats(0, 100)))


@given(OBSERVATIONS)
@example([("200", bound) for bound in SECONDS])
def test_durations_are_told_like_a_histogram_of_the_client_library(
    observations: list[tuple[str, float]],
) -> None:
    own, reference = CollectorRegistry(), CollectorRegistry()
    durations = Durations("asked_seconds", "Time", ["status"], own)
    histogram = Histogram("asked_seconds", "Time", ["status"], registry=reference, buckets=SECONDS)
    for status, seconds in observations:
        durations.labels(status).observe(seconds)
        histogram.labels(status).observe(seconds)
    assert _scrape(own) == _scrape(reference)


def _scrape(registry: CollectorRegistry) -> list[bytes]:
    """All lines but when a series was begun."""
    return [line for line in generate_latest(registry).splitlines() if b"_created" not in line]
