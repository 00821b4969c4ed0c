"""The app that every service is: GraphQL, health, metrics, logs, errors and the caller's identity."""

from common.app.context import CallerContext
from common.app.edge import Doorkeeper, EdgeAnswer, EdgeRoute, problem
from common.app.entities import InvalidRepresentationError
from common.app.factory import create_service
from common.app.lifespan import Lifespan, closing, running
from common.app.parts import LiveParts, Parts, StoreParts
from common.app.problems import refusals
from common.app.request import ServiceRequest
from common.app.schema import subgraph_schema

__all__ = (
    "CallerContext",
    "Doorkeeper",
    "EdgeAnswer",
    "EdgeRoute",
    "InvalidRepresentationError",
    "Lifespan",
    "LiveParts",
    "Parts",
    "ServiceRequest",
    "StoreParts",
    "closing",
    "create_service",
    "problem",
    "refusals",
    "running",
    "subgraph_schema",
)
