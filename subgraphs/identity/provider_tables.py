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

# The platform's own clients stand in the code, so that what names a client has no foreign key. `region` alone changes a client, the
# others have copies; one that was removed stays as an id, so that no older copy revives it.
client = sa.Table(
    "client",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("secret_hash", sa.LargeBinary),
    sa.Column("old_secret_hash", sa.LargeBinary),
    sa.Column("old_secret_until", sa.DateTime(timezone=True)),
    _texts("redirect_uris"),
    _texts("post_logout_redirect_uris"),
    _texts("grant_types"),
    _texts("scopes"),
    sa.Column("require_pushed_authorization_requests", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("backchannel_logout_uri", sa.Text),
    _moment("created_at", default=True),
    sa.Column("region", sa.ForeignKey("region.name", onupdate="CASCADE"), nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("removed_at", sa.DateTime(timezone=True)),
    sa.Index("client_of_region", "region", "seq"),
)

pushed_request = sa.Table(
    "pushed_request",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("fields", postgresql.JSONB, nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)

# Only of clients that want to be told when the session ends.
session_client = sa.Table(
    "session_client",
    metadata,
    sa.Column("session_id", sa.ForeignKey("session.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("client_id", sa.Text, primary_key=True),
)

# No foreign keys: the session is gone, and the account may be.
logout_notice = sa.Table(
    "logout_notice",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("user_id", sa.Uuid, nullable=False),
    sa.Column("session_id", sa.Uuid, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, index=True, server_default=_NOW),
)

consent = sa.Table(
    "consent",
    metadata,
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("client_id", sa.Text, primary_key=True),
    _texts("scopes"),
    _moment("granted_at", default=True),
)

# With the session that it came from a family ends, and a code.
token_family = sa.Table(
    "token_family",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    sa.Column("session_id", sa.ForeignKey("session.id", ondelete="CASCADE"), index=True),
    _texts("scopes"),
    _texts("userinfo_claims"),
    _moment("authenticated_at"),
    _texts("amr"),
    sa.Column("current_hash", sa.LargeBinary),
    sa.Column("previous_hash", sa.LargeBinary),
    sa.Column("sealed_successor", sa.LargeBinary),
    sa.Column("rotated_at", sa.DateTime(timezone=True)),
    _moment("last_used_at", default=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Index("token_family_of_user", "user_id", "client_id"),
)

authorization_code = sa.Table(
    "authorization_code",
    metadata,
    sa.Column("code_hash", sa.LargeBinary, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    sa.Column("session_id", sa.ForeignKey("session.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("redirect_uri", sa.Text, nullable=False),
    sa.Column("code_challenge", sa.Text, nullable=False),
    sa.Column("nonce", sa.Text),
    _texts("scopes"),
    _texts("id_token_claims"),
    _texts("userinfo_claims"),
    _moment("authenticated_at"),
    _texts("amr"),
    sa.Column("family_id", sa.Uuid),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)

device_authorization = sa.Table(
    "device_authorization",
    metadata,
    sa.Column("device_code_hash", sa.LargeBinary, primary_key=True),
    sa.Column("user_code", sa.Text, nullable=False, unique=True),
    sa.Column("client_id", sa.Text, nullable=False),
    _texts("scopes"),
    sa.Column("state", sa.Text, nullable=False, server_default="PENDING"),
    sa.Column("session_id", sa.ForeignKey("session.id", ondelete="CASCADE"), index=True),
    sa.Column("interval", sa.SmallInteger, nullable=False),
    _moment("polled_at", default=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)
