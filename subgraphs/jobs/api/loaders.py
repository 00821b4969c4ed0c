"""One SQL statement for each kind of thing that a request asks for, however many of them."""

from common.app.loaders import ListLoader, RequestLoaders, by_key
from subgraphs.jobs.service.services import Services


class Loaders(RequestLoaders):
    """The loaders of one request. What a key names nothing is None."""

    def __init__(self, services: Services) -> None:
        self.job = by_key(services.jobs.find_jobs)
        self.needed = by_key(services.jobs.find_needed)
        self.workflow = by_key(services.jobs.find_workflows)
        self.queue = by_key(services.queues.find_queues)
        self.worker = by_key(services.workers.find_workers)
        self.jobs_of = ListLoader(services.jobs.list_jobs_of)
