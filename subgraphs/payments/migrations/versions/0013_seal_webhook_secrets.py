"""Secrets of webhooks are sealed; those of before stand as they are until they are rotated."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE webhook_endpoint
            ALTER secret TYPE bytea USING convert_to(secret, 'UTF8'),
            ALTER old_secret TYPE bytea USING convert_to(old_secret, 'UTF8')
    """)


def downgrade() -> None:
    # what is sealed is no text: their merchants are told nothing until each endpoint is added again
    op.execute("DELETE FROM webhook_endpoint WHERE substr(secret, 1, 6) <> 'whsec_'::bytea")
    op.execute("""
        ALTER TABLE webhook_endpoint
            ALTER secret TYPE text USING convert_from(secret, 'UTF8'),
            ALTER old_secret TYPE text USING convert_from(old_secret, 'UTF8')
    """)
