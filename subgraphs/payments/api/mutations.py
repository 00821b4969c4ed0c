"""Payments' mutations: each concept brings its own."""

import strawberry

from subgraphs.payments.api.checkouts import CheckoutMutation
from subgraphs.payments.api.payments import PaymentMutation
from subgraphs.payments.api.reconciliation import ReconciliationMutation
from subgraphs.payments.api.wallets import WalletMutation
from subgraphs.payments.api.webhooks import WebhookMutation


@strawberry.type
class Mutation(PaymentMutation, WalletMutation, CheckoutMutation, WebhookMutation, ReconciliationMutation):
    pass
