"""The app that every service is: GraphQL, health, metrics, logs, errors and the caller's identity."""

from common.app.factory import create_service
from common.app.schema import subgraph_schema

__all__ = ["create_service", "subgraph_schema"]
