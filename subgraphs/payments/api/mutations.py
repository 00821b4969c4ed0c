"""Payments' mutations: each concept brings its own."""

import strawberry

from subgraphs.payments.api.payments import PaymentMutation
from subgraphs.payments.api.wallets import WalletMutation


@strawberry.type
class Mutation(PaymentMutation, WalletMutation):
    pass
