"""The tables of the directory of addresses, beside identity's others."""

import sqlalchemy as sa

from subgraphs.identity.tables import metadata

# What this region decides. A row that is free stays for a while, so that a claim which comes late does not count.
directory = sa.Table(
    "directory",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("home", sa.Text, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("freed_at", sa.DateTime(timezone=True)),
)

# What this region has claimed, wherever it is decided.
address_claim = sa.Table(
    "address_claim",
    metadata,
    sa.Column("email", sa.Text, primary_key=True),
    sa.Column(
        "number", sa.BigInteger, nullable=False, server_default=sa.text("nextval('address_claim_number')")
    ),
    sa.Column("state", sa.Text, nullable=False, server_default="ASKED"),
    sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)
