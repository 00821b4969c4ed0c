"""Supergraph SDL, by any composer, to a typed model, its API schema and its query graph."""

from gateway.supergraph.errors import SourceLocation, SupergraphError
from gateway.supergraph.model import SubgraphInfo
from gateway.supergraph.supergraph import Supergraph

__all__ = ["SourceLocation", "SubgraphInfo", "Supergraph", "SupergraphError"]
