"""Files with stock: how far each is imported, and what was wrong with which row."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_file",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("rows", sa.Integer, nullable=False, server_default="0"),
        sa.Column("applied", sa.Integer, nullable=False, server_default="0"),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("applied BETWEEN 0 AND rows", name="import_file_rows"),
    )
    op.create_table(
        "import_error",
        sa.Column("file_id", sa.Text, sa.ForeignKey("import_file.id"), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("problem", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("import_error")
    op.drop_table("import_file")
