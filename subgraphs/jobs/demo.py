"""Demo data: jobs of the demo users, a workflow, a limit, and a bell that rings every hour."""

from collections.abc import Mapping

from common.database import Database
from common.demo import DEMO_USERS
from common.jobs import JobRequest, Priority, Workflow
from common.settings import load
from subgraphs.jobs import demo_jobs
from subgraphs.jobs.domain.limits import Limit
from subgraphs.jobs.domain.recurring import CatchUp
from subgraphs.jobs.service.jobs import Asked
from subgraphs.jobs.service.services import Services
from subgraphs.jobs.settings import Settings


async def load_demo(environment: Mapping[str, str]) -> None:
    """Ask for the jobs once; who runs them is another matter."""
    settings = load(Settings, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service)
    services = Services.of(database)
    try:
        await services.limits.set_limit(Limit(key="quay", max_running=2, rate=None, burst=1))
        if "hourly-bell" not in {each.name for each in await services.recurring.list_recurring()}:
            bell = demo_jobs.ring_bell(times=1)
            await services.recurring.recur(
                "hourly-bell", cron="0 * * * *", timezone="Europe/Berlin", catch_up=CatchUp.SKIP, request=bell
            )
        for user in DEMO_USERS:
            await services.jobs.enqueue(
                _jobs_of(str(user.id)),
                scope=f"demo:{user.id}",
                idempotency_key="demo",
                fingerprint=Asked("demo"),
            )
    finally:
        await database.close()


def _jobs_of(user_id: str) -> list[JobRequest]:
    voyage = Workflow()
    voyage.add("pilot", demo_jobs.hail_pilot(answers_at=2))
    voyage.add("cargo", demo_jobs.load_ship("Bunte Kuh", crates=3))
    voyage.add("bell", demo_jobs.ring_bell(times=3), after=("pilot", "cargo"))
    weighed = demo_jobs.weigh_cargo([40, 2]).with_options(priority=Priority.LOW, limit_key="quay")
    return [job.with_options(tenant=user_id) for job in (*voyage, weighed)]
