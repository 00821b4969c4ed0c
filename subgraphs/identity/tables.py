"""Identity's tables, in the schema that the connection's search path names."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata = sa.MetaData()

user = sa.Table(
    "user",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
    sa.Column("email", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("email_verified_at", sa.DateTime(timezone=True)),
)

# Apart from `user`, so that no query that reads people can read their hashes.
credential = sa.Table(
    "credential",
    metadata,
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

signing_key = sa.Table(
    "signing_key",
    metadata,
    sa.Column("kid", sa.Text, primary_key=True),
    sa.Column("public_jwk", postgresql.JSONB, nullable=False),
    sa.Column("sealed_private_key", sa.LargeBinary, nullable=False),
    sa.Column("active_from", sa.DateTime(timezone=True), nullable=False),
)

# `newest` counts the region's revocations without gaps, `clients` the changes of its clients. One row is this region's own, the
# others are copies.
region = sa.Table(
    "region",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("feed", sa.Uuid, nullable=False, server_default=sa.text("uuidv7()")),
    sa.Column("newest", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("is_own", sa.Boolean, nullable=False),
    sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False, server_default="epoch"),
    sa.Column("public_keys", postgresql.JSONB, nullable=False, server_default="[]"),
    sa.Column("active_kid", sa.Text),
    sa.Column("clients", sa.BigInteger, nullable=False, server_default="0"),
)

# Of other regions only the mark is known, not whose it is.
revocation = sa.Table(
    "revocation",
    metadata,
    sa.Column("region", sa.ForeignKey("region.name", onupdate="CASCADE"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text),
    sa.Column("value", sa.Text),
    sa.Column("mark", sa.Text, nullable=False),
    sa.Column("issued_until", sa.DateTime(timezone=True)),
    sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
)

role = sa.Table(
    "role",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("grants", postgresql.JSONB, nullable=False),
)

# A role's name is no foreign key: those that come with the platform stand in the code.
user_role = sa.Table(
    "user_role",
    metadata,
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role", sa.Text, primary_key=True, index=True),
    sa.Column("granted_by", sa.Uuid),
    sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

user_attribute = sa.Table(
    "user_attribute",
    metadata,
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# No foreign keys: what happened stays true when the account is gone.
security_event = sa.Table(
    "security_event",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True, server_default=sa.func.now()),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("user_id", sa.Uuid),
    sa.Column("actor_id", sa.Uuid),
    sa.Column("client_address", sa.Text),
    sa.Column("details", postgresql.JSONB, nullable=False),
    sa.Index("security_event_of_user", "user_id", "id"),
)

mail = sa.Table(
    "mail",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("sendings", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("failures", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, index=True, server_default=sa.func.now()),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
)

email_token = sa.Table(
    "email_token",
    metadata,
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("email", sa.Text, primary_key=True),
    sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE")),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
)

totp = sa.Table(
    "totp",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    sa.Column("last_step", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("confirmed_at", sa.DateTime(timezone=True)),
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("code_hash", sa.LargeBinary, primary_key=True),
)

passkey = sa.Table(
    "passkey",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("is_backed_up", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("last_used_at", sa.DateTime(timezone=True)),
)

passkey_challenge = sa.Table(
    "passkey_challenge",
    metadata,
    sa.Column("challenge_hash", sa.LargeBinary, primary_key=True),
    sa.Column("ceremony", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE")),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)
