"""One SQL statement for each kind of thing that a request asks for, however many of them."""

from common.app.loaders import ListLoader, RequestLoaders, by_key
from subgraphs.jobs.service import JobQueues


class Loaders(RequestLoaders):
    """The loaders of one request. What a key names nothing is None."""

    def __init__(self, queues: JobQueues) -> None:
        self.job = by_key(queues.find_jobs)
        self.needed = by_key(queues.find_needed)
        self.workflow = by_key(queues.find_workflows)
        self.queue = by_key(queues.find_queues)
        self.worker = by_key(queues.find_workers)
        self.jobs_of = ListLoader(queues.list_jobs_of)
