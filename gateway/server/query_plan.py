"""The plan of an operation in its answer, for clients that ask for it by `Apollo-Expose-Query-Plan`."""

from enum import Enum
from typing import Any

from gateway.planning.plan import QueryPlan
from gateway.server.http.request import HttpRequest


class PlanExposure(Enum):
    """What a client asked for: no plan, the plan beside the data, or the plan and no request to a subgraph."""

    NONE = ""
    PLAN = "true"
    DRY_RUN = "dry-run"

    @classmethod
    def of(cls, request: HttpRequest) -> "PlanExposure":
        return _EXPOSURES.get(request.headers.get(b"apollo-expose-query-plan", b""), cls.NONE)


_EXPOSURES = {exposure.value.encode(): exposure for exposure in PlanExposure}


def plan_extensions(plan: QueryPlan) -> dict[str, Any]:
    """The member `extensions` with the plan as JSON and in Apollo's notation."""
    return {"apolloQueryPlan": {"object": plan.to_json(), "text": str(plan)}}
