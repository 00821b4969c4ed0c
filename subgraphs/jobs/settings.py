"""What jobs reads from the environment."""

from typing import Annotated, ClassVar

from msgspec import Meta

from common.settings import DatabaseUrl, DataSettings, Secret, ServiceSettings, variable


class Settings(DataSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "jobs"

    concurrency: Annotated[
        int,
        Meta(ge=0),
        variable(
            "HANSA_JOBS_CONCURRENCY",
            "how many jobs the service runs at once itself; 0 leaves them to `hansa worker`",
        ),
    ] = 10


class WorkerSettings(ServiceSettings, frozen=True, kw_only=True):
    """What `hansa worker` reads besides what its jobs need: it serves nobody, so that it knows no issuer."""

    service: ClassVar[str] = "jobs"

    database_url: DatabaseUrl
    nats_url: Annotated[Secret | None, variable("NATS_URL", "where other processes tell of new jobs")] = None
    issuer: str = ""
    jwks_url: str = ""
