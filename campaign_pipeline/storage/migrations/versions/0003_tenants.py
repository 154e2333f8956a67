"""Row-level security on Postgres: a session sees one tenant's rows, or all of them for a purpose that has a name.

What stands here was checked by hand and does not change any more: later changes are later revisions. A later table
takes the same two statements with the same function; a later purpose replaces the function.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# In the order in which builds lock them, so that one that is running and this cannot wait for each other.
_TABLES = ("run", "run_step", "artifact", "step_cache", "lease", "provider_answer")
_PURPOSES = ("gc", "migrate", "plan", "reconcile", "show", "stats", "verify")


def upgrade() -> None:
    """Hold every table to the session's scope, whoever asks: its owner too."""
    if op.get_bind().dialect.name != "postgresql":
        return
    purposes = ", ".join(f"'{purpose}'" for purpose in _PURPOSES)
    # Both settings are empty on a session that took no scope on: it sees nothing. The planner takes the function
    # apart, so that it costs no call a row.
    op.execute(f"""
        CREATE FUNCTION campaign_sees(tenant text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $sees$
            SELECT tenant = current_setting('campaign.tenant', true)
                OR current_setting('campaign.purpose', true) IN ({purposes})
        $sees$
    """)
    for table in _TABLES:
        op.execute(f"""
            CREATE POLICY {table}_of_scope ON {table}
            USING (campaign_sees(tenant_id)) WITH CHECK (campaign_sees(tenant_id))
        """)
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Let every login that may read a table see all of it again; the role stays, for other databases may use it."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
        op.execute(f"DROP POLICY {table}_of_scope ON {table}")
    op.execute("DROP FUNCTION campaign_sees(text)")
