"""Keys that are numbered in their region, `home:1`, and several algorithms of which each has its own."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE signing_key_number")
    op.drop_constraint("signing_key_active_from_key", "signing_key")
    op.create_index(
        "signing_key_order", "signing_key", [sa.text("(public_jwk->>'alg')"), "active_from"], unique=True
    )


def downgrade() -> None:
    op.drop_index("signing_key_order", "signing_key")
    op.create_unique_constraint("signing_key_active_from_key", "signing_key", ["active_from"])
    op.execute("DROP SEQUENCE signing_key_number")
