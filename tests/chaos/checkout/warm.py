"""What the process that all are forked from does first: make each service once, which imports what a service needs."""

from common.service import installed_service
from tests.chaos.checkout.processes import SERVICES

NOWHERE = {
    "DATABASE_URL": "postgresql://nowhere.invalid/hansa",
    "NATS_URL": "nats://nowhere.invalid",
    "HANSA_ISSUER": "https://nowhere.invalid",
    "HANSA_JWKS_URL": "https://nowhere.invalid/jwks",
    "HANSA_KEY_ENCRYPTION_KEY": "A" * 43 + "=",
    "HANSA_CARD_KEY": "none",
    "HANSA_CARD_WEBHOOK_SECRET": "none",
}

for name in SERVICES:
    installed_service(name).create_app(NOWHERE)
