"""Demo data: a namespace with a policy of each kind, and a partner who may do more."""

from collections.abc import Mapping
from uuid import UUID

from common.database import Database
from common.demo import DEMO_USERS
from common.settings import load
from subgraphs.ratelimit.domain.calendar import CalendarUnit
from subgraphs.ratelimit.domain.policies import FailMode, Override, Policy
from subgraphs.ratelimit.domain.rules import Algorithm, Rule
from subgraphs.ratelimit.policies import Policies
from subgraphs.ratelimit.service.policies import PolicyBook
from subgraphs.ratelimit.settings import Settings

NAMESPACE = "graph"
_BY_NOBODY = UUID(int=0)


def _policy(name: str, rule: Rule, *by: str, shadow: bool = False, priority: int = 0) -> Policy:
    return Policy(
        id=_BY_NOBODY,
        namespace=NAMESPACE,
        name=name,
        by=by,
        when={},
        rule=rule,
        fail_mode=FailMode.LOCAL,
        is_shadow=shadow,
        priority=priority,
        version=1,
    )


_POLICIES = (
    _policy("per-user", Rule(algorithm=Algorithm.TOKEN_BUCKET, limit=600, period=60, burst=100), "user"),
    _policy("per-client", Rule(algorithm=Algorithm.SLIDING_COUNTER, limit=6_000, period=60), "client"),
    _policy(
        "per-month",
        Rule(
            algorithm=Algorithm.FIXED_WINDOW,
            limit=100_000,
            calendar=CalendarUnit.MONTH,
            time_zone="Europe/Berlin",
        ),
        "user",
        priority=10,
    ),
    _policy("exports", Rule(algorithm=Algorithm.CONCURRENCY, limit=2), "user", "export"),
    _policy("strict", Rule(algorithm=Algorithm.SLIDING_LOG, limit=300, period=60), "user", shadow=True),
)


async def load_demo(environment: Mapping[str, str]) -> None:
    """Add the namespace and its policies, unless there are any."""
    settings = load(Settings, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service)
    book = PolicyBook(database, Policies(database, lambda: None))
    try:
        if await book.policies():
            return
        await book.put_namespace(NAMESPACE, "Operations of the graph, by user and client")
        made = [await book.upsert_policy(policy, "demo", dry_run=False) for policy in _POLICIES]
        partner = Override(
            id=_BY_NOBODY,
            policy_id=made[0].id,
            pattern=str(DEMO_USERS[0].id),
            limit=1_200,
            burst=200,
            until=None,
        )
        await book.set_override(partner)
    finally:
        await database.close()
