"""The four tables, and the guard of their states.

What stands here was checked by hand and does not change any more: later changes are later revisions.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, UUID

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_UUID = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")
_UUIDS = sa.JSON().with_variant(ARRAY(UUID(as_uuid=False)), "postgresql")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_TIME = sa.Text().with_variant(TIMESTAMP(timezone=True), "postgresql")

_RUN_MOVES = {"queued": ("running", "cancelled"), "running": ("completed", "failed", "cancelled")}
_STEP_MOVES = {"pending": ("running", "skipped"), "running": ("completed", "failed")}


def upgrade() -> None:
    """Make tables and guards."""
    _create_run()
    _create_run_step()
    _create_artifact()
    _create_step_cache()
    _guard_states("run", begins="queued", moves=_RUN_MOVES)
    _guard_states("run_step", begins="pending", moves=_STEP_MOVES)


def downgrade() -> None:
    """Drop everything of the ledger's."""
    for table in ("step_cache", "artifact", "run_step", "run"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in ("run_step", "run"):
            op.execute(f"DROP FUNCTION campaign_guard_{table}_status()")


def _create_run() -> None:
    op.create_table(
        "run",
        sa.Column("id", _UUID, nullable=False, comment="The Dagster run id"),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column(
            "campaign_id",
            sa.Text(),
            nullable=False,
            comment="From trigger, so that a campaign's runs are one index look-up",
        ),
        sa.Column("workflow_name", sa.Text(), nullable=False),
        sa.Column("workflow_version", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column(
            "trigger",
            _JSON,
            nullable=False,
            comment="What was asked for: the resolved brief, overrides, cache mode",
        ),
        sa.Column(
            "trigger_frozen_at",
            _TIME,
            comment="When trigger got its resolved brief; from then on it stays, whoever else resolves one",
        ),
        sa.Column(
            "context",
            _JSON,
            nullable=False,
            comment="refs, artifacts and computed; complete after every step",
        ),
        sa.Column("error", sa.Text()),
        sa.Column("base_run_id", _UUID, comment="The completed run that a partial rebuild starts from"),
        sa.Column(
            "root_run_id",
            _UUID,
            nullable=False,
            comment="The first run of a chain of re-executions, itself if it is none: run_only results belong to it",
        ),
        sa.Column("heartbeat_at", _TIME, comment="Last sign of life of the process that works on it"),
        sa.Column("worker_host", sa.Text(), comment="Host of the process that works on it"),
        sa.Column("worker_pid", sa.Integer(), comment="Id of that process on its host"),
        sa.Column(
            "worker_started_at",
            _TIME,
            comment="Start of that process: tells it from a later one with the same id",
        ),
        sa.Column("started_at", _TIME),
        sa.Column("completed_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        _choices("run", "status", ("queued", "running", "completed", "failed", "cancelled")),
        comment="One execution of a workflow for one campaign",
    )
    op.create_index(
        "ix_run_tenant_id_campaign_id_created_at", "run", ["tenant_id", "campaign_id", "created_at"]
    )


def _create_run_step() -> None:
    op.create_table(
        "run_step",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("run_id", _UUID, nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column(
            "campaign_id",
            sa.Text(),
            nullable=False,
            comment="Of the run: so that the newest result of a campaign's step is one index look-up",
        ),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("skill_id", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("input_hash", sa.Text(), comment="Null where no hash was taken"),
        sa.Column("output_artifact_ids", _UUIDS, nullable=False),
        sa.Column("cache_hit", sa.Boolean(), nullable=False),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column(
            "attempt", sa.Integer(), nullable=False, comment="Rises with each retry; the status does not move"
        ),
        sa.Column(
            "diagnostics",
            _JSON,
            nullable=False,
            comment="Timings, provider calls, tokens, cost, why the cache hit or missed",
        ),
        sa.Column("started_at", _TIME),
        sa.Column("completed_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run_step"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_run_step_run_id_run"),
        sa.UniqueConstraint("run_id", "step_id", name="uq_run_step_run_id_step_id"),
        _choices("run_step", "status", ("pending", "running", "completed", "failed", "skipped")),
        _hash("run_step", "input_hash"),
        sa.CheckConstraint(
            "input_hash IS NOT NULL OR status = 'pending' OR (status = 'skipped' AND NOT cache_hit)",
            name=op.f("ck_run_step_input_hash_from_running_on"),
        ),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_run_step_attempt_counts_from_one")),
        sa.CheckConstraint("duration_ms >= 0", name=op.f("ck_run_step_duration_ms_is_not_negative")),
        comment="One step of a run; a run has one for each step that it was asked to run",
    )
    op.create_index("ix_run_step_newest", "run_step", ["tenant_id", "campaign_id", "step_id", "completed_at"])


def _create_artifact() -> None:
    op.create_table(
        "artifact",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("run_id", _UUID, nullable=False, comment="The run that made it, not those reusing it"),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("skill_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column(
            "uri", sa.Text(), nullable=False, comment="Tells a reader where; bytes are found by content_hash"
        ),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("filename", sa.Text()),
        sa.Column(
            "metadata", _JSON, nullable=False, comment="references lists the digests of other bytes it needs"
        ),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_artifact"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_artifact_run_id_run"),
        _hash("artifact", "content_hash"),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_artifact_size_bytes_is_not_negative")),
        comment="Something a step made; its bytes lie in the artifact store under content_hash",
    )
    op.create_index("ix_artifact_run_id", "artifact", ["run_id"])


def _create_step_cache() -> None:
    op.create_table(
        "step_cache",
        sa.Column("id", _UUID, nullable=False),
        sa.Column(
            "tenant_id",
            sa.Text(),
            nullable=False,
            comment="Part of cache_key; here so that every read can be bound to it",
        ),
        sa.Column("cache_key", sa.Text(), nullable=False),
        sa.Column(
            "workflow_name", sa.Text(), nullable=False, comment="Which workflow made it; no part of the key"
        ),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.Text(), nullable=False),
        sa.Column("artifact_ids", _UUIDS, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False, comment="When this result was written or repaired"),
        sa.Column("expires_at", _TIME, comment="Fixed at writing; null means never"),
        sa.PrimaryKeyConstraint("id", name="pk_step_cache"),
        sa.UniqueConstraint("cache_key", name="uq_step_cache_cache_key"),
        _hash("step_cache", "cache_key"),
        _hash("step_cache", "input_hash"),
        _choices("step_cache", "scope", ("global", "run_only")),
        comment="Results that may be reused, by input hash bound to tenant, step and scope",
    )


def _choices(table: str, column: str, choices: tuple[str, ...]) -> sa.CheckConstraint:
    words = ", ".join(f"'{choice}'" for choice in choices)
    return sa.CheckConstraint(f"{column} IN ({words})", name=op.f(f"ck_{table}_{column}_is_known"))


def _hash(table: str, column: str) -> sa.CheckConstraint:
    digits = f"ltrim(substr({column}, 8), '0123456789abcdef') = ''"
    shape = f"length({column}) = 71 AND substr({column}, 1, 7) = 'sha256:' AND {digits}"
    return sa.CheckConstraint(shape, name=op.f(f"ck_{table}_{column}_is_a_hash"))


def _guard_states(table: str, *, begins: str, moves: Mapping[str, tuple[str, ...]]) -> None:
    """Let the database itself refuse what the contract's state machine does not know."""
    legal = " OR ".join(
        f"(OLD.status = '{old}' AND NEW.status IN ({', '.join(repr(new) for new in news)}))"
        for old, news in moves.items()
    )
    moved = f"NEW.status <> OLD.status AND NOT ({legal})"
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgres(table, begins=begins, moved=moved)
    else:
        _guard_on_sqlite(table, begins=begins, moved=moved)


def _guard_on_postgres(table: str, *, begins: str, moved: str) -> None:
    op.execute(f"""
        CREATE FUNCTION campaign_guard_{table}_status() RETURNS trigger LANGUAGE plpgsql AS $guard$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.status <> '{begins}' THEN
                    RAISE EXCEPTION USING ERRCODE = 'check_violation',
                        MESSAGE = '{table}.status begins as {begins}, not as ' || NEW.status;
                END IF;
            ELSIF {moved} THEN
                RAISE EXCEPTION USING ERRCODE = 'check_violation',
                    MESSAGE = '{table}.status may not go from ' || OLD.status || ' to ' || NEW.status;
            END IF;
            RETURN NEW;
        END
        $guard$
    """)
    op.execute(f"""
        CREATE TRIGGER tr_{table}_status BEFORE INSERT OR UPDATE OF status ON {table}
        FOR EACH ROW EXECUTE FUNCTION campaign_guard_{table}_status()
    """)


def _guard_on_sqlite(table: str, *, begins: str, moved: str) -> None:
    op.execute(f"""
        CREATE TRIGGER tr_{table}_status_insert BEFORE INSERT ON {table} WHEN NEW.status <> '{begins}'
        BEGIN SELECT RAISE(ABORT, '{table}.status begins as {begins}'); END
    """)
    op.execute(f"""
        CREATE TRIGGER tr_{table}_status_update BEFORE UPDATE OF status ON {table} WHEN {moved}
        BEGIN SELECT RAISE(ABORT, '{table}.status may not go there from where it is'); END
    """)  # noqa: S608  of this file's constants only
