"""What finds the reservations that came to nothing and ended first."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE INDEX reservation_came_to_nothing ON reservation (ended_at)
        WHERE state IN ('RELEASED', 'EXPIRED') AND checkout_id IS NULL
    """)


def downgrade() -> None:
    op.drop_index("reservation_came_to_nothing")
