"""Jobs' HTTP doors, by the rules of the graph."""

from subgraphs.jobs.routes.jobs import routes

__all__ = ("routes",)
