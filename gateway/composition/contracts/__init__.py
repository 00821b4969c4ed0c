"""Contracts: parts of a supergraph for a part of its clients, chosen by `@tag`."""

from gateway.composition.contracts.contract import contract

__all__ = ("contract",)
