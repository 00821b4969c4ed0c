"""Security events, which nobody changes and nobody deletes for a year."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REFUSE = """
    CREATE FUNCTION refuse_to_change_history() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND old.at < now() - interval '365 days' THEN
            RETURN old;
        END IF;
        RAISE EXCEPTION 'security events are only added' USING ERRCODE = 'insufficient_privilege';
    END $$
"""
ROWS = """
    CREATE TRIGGER security_event_is_history BEFORE UPDATE OR DELETE ON security_event
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history()
"""
TABLE = """
    CREATE TRIGGER security_event_is_whole BEFORE TRUNCATE ON security_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history()
"""


def upgrade() -> None:
    op.create_table(
        "security_event",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("client_address", sa.Text),
        sa.Column("details", postgresql.JSONB, nullable=False),
    )
    op.create_index("ix_security_event_at", "security_event", ["at"])
    op.create_index("security_event_of_user", "security_event", ["user_id", "id"])
    for statement in (REFUSE, ROWS, TABLE):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("security_event")
    op.execute("DROP FUNCTION refuse_to_change_history")
