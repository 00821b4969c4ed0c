"""Row-level security in migrations: the role that tenants' transactions run as, and the policies it is under.

The role has no login, owns nothing and cannot bypass row-level security; that the service's own user may be a superuser or
the tables' owner does not matter. A policy of its own lets the owner do its work for all tenants.
"""

from common.database.tables import Operations

SETTING = "app.tenant"
# A setting that was local to an earlier transaction of the session reads as '' afterwards, which is no uuid. In
# parentheses it is read once a statement, and an index on the column can be used.
CURRENT = f"(SELECT nullif(current_setting('{SETTING}', true), '')::uuid)"


def role_of(schema: str) -> str:
    """The role's name; roles are the cluster's, so that databases with the same schema share one."""
    return f"hansa_{schema}_tenant"


def create_tenant_role(op: Operations, schema: str) -> None:
    """Make the role if there is none, and let it use `schema` and write the kernel's tables there; `op` is `alembic.op`.

    Reading the outbox would show other tenants' events, so that it may only add to it.
    """
    role = role_of(schema)
    op.execute(f"""
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                CREATE ROLE "{role}" NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of the cluster was first
        END $$
    """)
    op.execute(f"""
        DO $$ BEGIN
            IF NOT pg_has_role(current_user, '{role}', 'SET') THEN
                GRANT "{role}" TO CURRENT_USER;
            END IF;
        END $$
    """)
    op.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"')
    op.execute(f'GRANT INSERT ON outbox TO "{role}"')
    op.execute(f'GRANT SELECT, INSERT, UPDATE ON idempotency TO "{role}"')


def drop_tenant_role(op: Operations, schema: str) -> None:
    """Take from the role what it has in `schema`; it stays, as other databases may use it."""
    op.execute(f'REVOKE ALL ON ALL TABLES IN SCHEMA "{schema}" FROM "{role_of(schema)}"')
    op.execute(f'REVOKE ALL ON SCHEMA "{schema}" FROM "{role_of(schema)}"')


def isolate(
    op: Operations,
    schema: str,
    table: str,
    *,
    column: str = "tenant_id",
    may: str = "SELECT, INSERT, UPDATE, DELETE",
) -> None:
    """Show each tenant the rows of `table` whose `column` is its id, and let it do there what `may` says."""
    role = role_of(schema)
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY tenant ON "{table}" TO "{role}" USING ("{column}" = {CURRENT})')
    op.execute(f'CREATE POLICY platform ON "{table}" TO CURRENT_USER USING (true)')
    op.execute(f'GRANT {may} ON "{table}" TO "{role}"')
