"""The tables of the OpenID provider, beside the accounts' own: who is signed in where, and what clients were given."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from subgraphs.identity.tables import metadata

_NOW = sa.func.now()


def _moment(name: str, *, default: bool = False) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=_NOW if default else None
    )


def _texts(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.ARRAY(sa.Text), nullable=False)


session = sa.Table(
    "session",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
    _texts("amr"),
    sa.Column("user_agent", sa.Text, nullable=False),
    _moment("created_at", default=True),
    _moment("authenticated_at", default=True),
    _moment("last_seen_at", default=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)

pending_sign_in = sa.Table(
    "pending_sign_in",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    _texts("amr"),
    sa.Column("continue_to", sa.Text, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)
