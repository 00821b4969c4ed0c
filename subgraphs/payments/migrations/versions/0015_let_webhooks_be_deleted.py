"""What finds webhooks that are old, and the deliveries of each."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("webhook_message_created", "webhook_message", ["created_at"])
    op.create_index("webhook_delivery_message", "webhook_delivery", ["message_id"])


def downgrade() -> None:
    op.drop_index("webhook_delivery_message")
    op.drop_index("webhook_message_created")
