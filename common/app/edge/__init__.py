"""The raw edge: hot doors that are answered before Litestar routes, and are documented beside its own."""

from common.app.edge.answers import EdgeAnswer, problem
from common.app.edge.documentation import document
from common.app.edge.doorkeeper import Doorkeeper
from common.app.edge.edge import Edge
from common.app.edge.route import EdgeRoute

__all__ = ("Doorkeeper", "Edge", "EdgeAnswer", "EdgeRoute", "document", "problem")
