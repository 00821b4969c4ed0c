"""What tests of a federated graph need: fake subgraphs, a router over them, plans to compare, faults.

pytest finds the fixtures `router` and `fake_subgraph` by itself where Hansa is installed (`gateway.pytest_plugin`).
"""

from gateway.testing.fake_subgraph import FakeSubgraph, RecordedRequest
from gateway.testing.faults import BrokenBody, Delay, Drop, Fault, Refuse, Status
from gateway.testing.harness import Answer, CompositionFailed, Harness, MakeHarness
from gateway.testing.plans import Plan

__all__ = (
    "Answer",
    "BrokenBody",
    "CompositionFailed",
    "Delay",
    "Drop",
    "FakeSubgraph",
    "Fault",
    "Harness",
    "MakeHarness",
    "Plan",
    "RecordedRequest",
    "Refuse",
    "Status",
)
