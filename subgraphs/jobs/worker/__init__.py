"""What runs jobs: workers, and the leader that moves what is due."""

from subgraphs.jobs.worker.leader import Leader
from subgraphs.jobs.worker.worker import Worker

__all__ = ("Leader", "Worker")
