"""Enums of the domain that several modules show in the graph: declared before the first of them is."""

import strawberry

from subgraphs.payments.domain.attempts import ProviderName

strawberry.enum(ProviderName, description="Who moves the money: the house's own wallets, or a card provider.")

__all__ = ("ProviderName",)
