"""Payments' mutations: each concept brings its own."""

import strawberry

from subgraphs.payments.api.wallets import WalletMutation


@strawberry.type
class Mutation(WalletMutation):
    pass
