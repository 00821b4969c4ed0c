"""Satisfiability: whether every query that the API schema allows can be answered by hops between the subgraphs."""

from gateway.composition.satisfiability.check import check_satisfiability

__all__ = ("check_satisfiability",)
