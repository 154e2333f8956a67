"""Every call to a paid provider has a row of its own, so that what a run spent is known whatever becomes of answers.

What stands here was checked by hand and does not change any more: later changes are later revisions. What runs spent
before is not carried over: a chain of re-executions that goes on across this revision has its budget anew.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UUID = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")
_TIME = sa.Text().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the table, held to the session's scope as all others are."""
    op.create_table(
        "provider_call",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column(
            "root_run_id",
            _UUID,
            nullable=False,
            comment="First of the chain of re-executions that is charged for it",
        ),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), comment="As the brief or a setting spells it"),
        sa.Column(
            "cost_usd",
            sa.Double(),
            comment="The most that it may cost until the answer tells; 0 where nobody took it up; "
            "null where nobody knows",
        ),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_provider_call"),
        sa.CheckConstraint("cost_usd >= 0", name=op.f("ck_provider_call_cost_usd_is_not_negative")),
        comment="Every attempt at a call to a paid provider, written down before it is sent",
    )
    op.create_index("ix_provider_call_root_run_id", "provider_call", ["root_run_id"])
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("""
        CREATE POLICY provider_call_of_scope ON provider_call
        USING (campaign_sees(tenant_id)) WITH CHECK (campaign_sees(tenant_id))
    """)
    op.execute("ALTER TABLE provider_call ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Drop the table: what runs spent is forgotten."""
    op.drop_table("provider_call")
