"""Leases, providers' answers, and what tells a worker from a later process of the same id.

What stands here was checked by hand and does not change any more: later changes are later revisions.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UUID = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_TIME = sa.Text().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Add two tables, a column and the indexes that housekeeping walks."""
    op.add_column(
        "run",
        sa.Column(
            "worker_start_ticks",
            sa.BigInteger(),
            comment="Start of that process in clock ticks since boot, which no change of the clock can move",
        ),
    )
    op.create_index("ix_run_active", "run", ["created_at"], **_where("status IN ('queued', 'running')"))
    op.create_index(
        "ix_step_cache_expires_at", "step_cache", ["expires_at"], **_where("expires_at IS NOT NULL")
    )
    _create_lease()
    _create_provider_answer()


def downgrade() -> None:
    """Drop what was added; leases end, and answers are forgotten."""
    op.drop_table("provider_answer")
    op.drop_table("lease")
    op.drop_index("ix_step_cache_expires_at", "step_cache")
    op.drop_index("ix_run_active", "run")
    op.drop_column("run", "worker_start_ticks")


def _create_lease() -> None:
    op.create_table(
        "lease",
        sa.Column(
            "lease_key",
            sa.Text(),
            nullable=False,
            comment="What is held: a cache key, or the digest of a request",
        ),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column(
            "subject",
            sa.Text(),
            nullable=False,
            comment="What the key stands for, in words: a step, a provider",
        ),
        sa.Column(
            "run_id",
            _UUID,
            nullable=False,
            comment="The run for which it is held, or which left its result",
        ),
        sa.Column(
            "holder",
            _UUID,
            comment="Fencing token of who holds it; null when it is free and a result waits to be published",
        ),
        sa.Column("worker_host", sa.Text(), comment="Host of the process that holds it"),
        sa.Column("worker_pid", sa.Integer(), comment="Id of that process on its host"),
        sa.Column(
            "worker_start_ticks", sa.BigInteger(), comment="Start of that process, in clock ticks since boot"
        ),
        sa.Column("expires_at", _TIME, comment="When it is free, unless its holder renews it"),
        sa.Column(
            "result",
            _JSON,
            comment="What was produced: its bytes are in the store, its rows are not written yet",
        ),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("lease_key", name="pk_lease"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_lease_run_id_run"),
        _hash("lease", "lease_key"),
        comment="Who produces what now, and what was produced and not published",
    )
    op.create_index("ix_lease_run_id", "lease", ["run_id"])


def _create_provider_answer() -> None:
    op.create_table(
        "provider_answer",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False, comment="Digest of the exact request"),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column(
            "root_run_id",
            _UUID,
            nullable=False,
            comment="First of the chain of re-executions that asked",
        ),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="The raw answer, in the artifact store"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "details", _JSON, nullable=False, comment="Media type, tokens, cost, as the provider told them"
        ),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, comment="Fixed at writing; null means never"),
        sa.PrimaryKeyConstraint("tenant_id", "request_hash", name="pk_provider_answer"),
        _hash("provider_answer", "request_hash"),
        _hash("provider_answer", "content_hash"),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_provider_answer_size_bytes_is_not_negative")),
        comment="What paid providers answered, so that the same request is not paid for twice",
    )
    op.create_index(
        "ix_provider_answer_expires_at",
        "provider_answer",
        ["expires_at"],
        **_where("expires_at IS NOT NULL"),
    )


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _hash(table: str, column: str) -> sa.CheckConstraint:
    digits = f"ltrim(substr({column}, 8), '0123456789abcdef') = ''"
    shape = f"length({column}) = 71 AND substr({column}, 1, 7) = 'sha256:' AND {digits}"
    return sa.CheckConstraint(shape, name=op.f(f"ck_{table}_{column}_is_a_hash"))
