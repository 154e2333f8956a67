"""The tables: runs, their steps, artifacts, what may be reused; and beside them leases, providers' answers and calls.

Belongs here: the data model's entities as typed columns, their constraints and indexes; three tables for what they
do not model.
Does not belong here: how rows come to be and change (runs, steps), and the DDL that is run (migrations).
"""

from typing import Any, get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from campaign_pipeline.storage.columns import (
    JSON_OBJECT,
    UUID_LIST,
    UUID_TEXT,
    choice_check,
    hash_check,
    text_of,
)
from campaign_pipeline.storage.hashing import CacheScope
from campaign_pipeline.storage.portable_sql import UtcTimestamp, utc_now
from campaign_pipeline.storage.states import RunStatus, RunStepStatus


def _where(condition: str) -> dict[str, Any]:
    """Give an index the rows that it is over, on both databases: most rows are never asked for by it."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


VERSION_TABLE = "campaign_alembic_version"
"""Alembic's own table, which says what revision the others are of: where it is, the ledger is."""

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

RUN = Table(
    "run",
    METADATA,
    Column("id", UUID_TEXT, primary_key=True, comment="The Dagster run id"),
    Column("tenant_id", Text, nullable=False),
    Column(
        "campaign_id",
        Text,
        nullable=False,
        comment="From trigger, so that a campaign's runs are one index look-up",
    ),
    Column("workflow_name", Text, nullable=False),
    Column("workflow_version", Text, nullable=False),
    Column("status", text_of(RunStatus), nullable=False, default=RunStatus.QUEUED),
    Column(
        "trigger",
        JSON_OBJECT,
        nullable=False,
        comment="What was asked for: the resolved brief, overrides, cache mode",
    ),
    Column(
        "trigger_frozen_at",
        UtcTimestamp,
        comment="When trigger got its resolved brief; from then on it stays, whoever else resolves one",
    ),
    Column(
        "context",
        JSON_OBJECT,
        nullable=False,
        comment="refs, artifacts and computed; complete after every step",
    ),
    Column("error", Text),
    Column("base_run_id", UUID_TEXT, comment="The completed run that a partial rebuild starts from"),
    Column(
        "root_run_id",
        UUID_TEXT,
        nullable=False,
        comment="The first run of a chain of re-executions, itself if it is none: run_only results belong to it",
    ),
    Column("heartbeat_at", UtcTimestamp, comment="Last sign of life of the process that works on it"),
    Column("worker_host", Text, comment="Host of the process that works on it"),
    Column("worker_pid", Integer, comment="Id of that process on its host"),
    Column(
        "worker_started_at",
        UtcTimestamp,
        comment="Start of that process: tells it from a later one with the same id",
    ),
    Column("started_at", UtcTimestamp),
    Column("completed_at", UtcTimestamp),
    Column("created_at", UtcTimestamp, nullable=False, default=utc_now()),
    Column("updated_at", UtcTimestamp, nullable=False, default=utc_now(), onupdate=utc_now()),
    Column(
        "worker_start_ticks",
        BigInteger,
        comment="Start of that process in clock ticks since boot, which no change of the clock can move",
    ),
    choice_check("status", RunStatus),
    Index(None, "tenant_id", "campaign_id", "created_at"),
    Index("ix_run_active", "created_at", **_where("status IN ('queued', 'running')")),
    comment="One execution of a workflow for one campaign",
)

IS_ACTIVE_RUN = text("run.status IN ('queued', 'running')")
"""In the words of `ix_run_active`: with bound values SQLite would not see that the index answers it."""

RUN_STEP = Table(
    "run_step",
    METADATA,
    Column("id", UUID_TEXT, primary_key=True),
    Column("run_id", UUID_TEXT, ForeignKey("run.id"), nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column(
        "campaign_id",
        Text,
        nullable=False,
        comment="Of the run: so that the newest result of a campaign's step is one index look-up",
    ),
    Column("step_id", Text, nullable=False),
    Column("skill_id", Text, nullable=False),
    Column("status", text_of(RunStepStatus), nullable=False, default=RunStepStatus.PENDING),
    Column("input_hash", Text, comment="Null where no hash was taken"),
    Column("output_artifact_ids", UUID_LIST, nullable=False, default=list),
    Column("cache_hit", Boolean, nullable=False, default=False),
    Column("duration_ms", Integer),
    Column("error", Text),
    Column(
        "attempt",
        Integer,
        nullable=False,
        default=1,
        comment="Rises with each retry; the status does not move",
    ),
    Column(
        "diagnostics",
        JSON_OBJECT,
        nullable=False,
        default=dict,
        comment="Timings, provider calls, tokens, cost, why the cache hit or missed",
    ),
    Column("started_at", UtcTimestamp),
    Column("completed_at", UtcTimestamp),
    Column("created_at", UtcTimestamp, nullable=False, default=utc_now()),
    Column("updated_at", UtcTimestamp, nullable=False, default=utc_now(), onupdate=utc_now()),
    choice_check("status", RunStepStatus),
    hash_check("input_hash"),
    CheckConstraint(
        "input_hash IS NOT NULL OR status = 'pending' OR (status = 'skipped' AND NOT cache_hit)",
        name="input_hash_from_running_on",
    ),
    CheckConstraint("attempt >= 1", name="attempt_counts_from_one"),
    CheckConstraint("duration_ms >= 0", name="duration_ms_is_not_negative"),
    UniqueConstraint("run_id", "step_id"),
    Index("ix_run_step_newest", "tenant_id", "campaign_id", "step_id", "completed_at"),
    comment="One step of a run; a run has one for each step that it was asked to run",
)

ARTIFACT = Table(
    "artifact",
    METADATA,
    Column("id", UUID_TEXT, primary_key=True),
    Column(
        "run_id",
        UUID_TEXT,
        ForeignKey("run.id"),
        nullable=False,
        comment="The run that made it, not those reusing it",
    ),
    Column("tenant_id", Text, nullable=False),
    Column("skill_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("uri", Text, nullable=False, comment="Tells a reader where; bytes are found by content_hash"),
    Column("content_hash", Text, nullable=False),
    Column("size_bytes", BigInteger),
    Column("filename", Text),
    Column(
        "metadata",
        JSON_OBJECT,
        nullable=False,
        comment="references lists the digests of other bytes it needs",
    ),
    Column("created_at", UtcTimestamp, nullable=False, default=utc_now()),
    Column("updated_at", UtcTimestamp, nullable=False, default=utc_now(), onupdate=utc_now()),
    hash_check("content_hash"),
    CheckConstraint("size_bytes >= 0", name="size_bytes_is_not_negative"),
    Index(None, "run_id"),
    comment="Something a step made; its bytes lie in the artifact store under content_hash",
)

STEP_CACHE = Table(
    "step_cache",
    METADATA,
    Column("id", UUID_TEXT, primary_key=True),
    Column(
        "tenant_id",
        Text,
        nullable=False,
        comment="Part of cache_key; here so that every read can be bound to it",
    ),
    Column("cache_key", Text, nullable=False),
    Column("workflow_name", Text, nullable=False, comment="Which workflow made it; no part of the key"),
    Column("step_id", Text, nullable=False),
    Column("input_hash", Text, nullable=False),
    Column("artifact_ids", UUID_LIST, nullable=False),
    Column("scope", Text, nullable=False),
    Column(
        "created_at",
        UtcTimestamp,
        nullable=False,
        default=utc_now(),
        comment="When this result was written or repaired",
    ),
    Column("expires_at", UtcTimestamp, comment="Fixed at writing; null means never"),
    hash_check("cache_key"),
    hash_check("input_hash"),
    choice_check("scope", get_args(CacheScope)),
    UniqueConstraint("cache_key"),
    Index("ix_step_cache_expires_at", "expires_at", **_where("expires_at IS NOT NULL")),
    comment="Results that may be reused, by input hash bound to tenant, step and scope",
)

LEASE = Table(
    "lease",
    METADATA,
    Column(
        "lease_key", Text, primary_key=True, comment="What is held: a cache key, or the digest of a request"
    ),
    Column("tenant_id", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="What the key stands for, in words: a step, a provider"),
    Column(
        "run_id",
        UUID_TEXT,
        ForeignKey("run.id"),
        nullable=False,
        comment="The run for which it is held, or which left its result",
    ),
    Column(
        "holder",
        UUID_TEXT,
        comment="Fencing token of who holds it; null when it is free and a result waits to be published",
    ),
    Column("worker_host", Text, comment="Host of the process that holds it"),
    Column("worker_pid", Integer, comment="Id of that process on its host"),
    Column("worker_start_ticks", BigInteger, comment="Start of that process, in clock ticks since boot"),
    Column("expires_at", UtcTimestamp, comment="When it is free, unless its holder renews it"),
    Column(
        "result",
        JSON_OBJECT,
        comment="What was produced: its bytes are in the store, its rows are not written yet",
    ),
    Column("created_at", UtcTimestamp, nullable=False, default=utc_now()),
    Column("updated_at", UtcTimestamp, nullable=False, default=utc_now(), onupdate=utc_now()),
    hash_check("lease_key"),
    Index(None, "run_id"),
    comment="Who produces what now, and what was produced and not published",
)

PROVIDER_ANSWER = Table(
    "provider_answer",
    METADATA,
    Column("tenant_id", Text, primary_key=True),
    Column("request_hash", Text, primary_key=True, comment="Digest of the exact request"),
    Column("provider", Text, nullable=False),
    Column(
        "root_run_id",
        UUID_TEXT,
        nullable=False,
        comment="First of the chain of re-executions that asked",
    ),
    Column("content_hash", Text, nullable=False, comment="The raw answer, in the artifact store"),
    Column("size_bytes", BigInteger, nullable=False),
    Column(
        "details", JSON_OBJECT, nullable=False, comment="Media type, tokens, cost, as the provider told them"
    ),
    Column("created_at", UtcTimestamp, nullable=False, default=utc_now()),
    Column("expires_at", UtcTimestamp, comment="Fixed at writing; null means never"),
    hash_check("request_hash"),
    hash_check("content_hash"),
    CheckConstraint("size_bytes >= 0", name="size_bytes_is_not_negative"),
    Index("ix_provider_answer_expires_at", "expires_at", **_where("expires_at IS NOT NULL")),
    comment="What paid providers answered, so that the same request is not paid for twice",
)

PROVIDER_CALL = Table(
    "provider_call",
    METADATA,
    Column("id", UUID_TEXT, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column(
        "root_run_id",
        UUID_TEXT,
        nullable=False,
        comment="First of the chain of re-executions that is charged for it",
    ),
    Column("provider", Text, nullable=False),
    Column("model", Text, comment="As the brief or a setting spells it"),
    Column(
        "cost_usd",
        Double,
        comment="The most that it may cost until the answer tells; 0 where nobody took it up; null where nobody knows",
    ),
    Column("created_at", UtcTimestamp, nullable=False, default=utc_now()),
    Column("updated_at", UtcTimestamp, nullable=False, default=utc_now(), onupdate=utc_now()),
    CheckConstraint("cost_usd >= 0", name="cost_usd_is_not_negative"),
    Index(None, "root_run_id"),
    comment="Every attempt at a call to a paid provider, written down before it is sent",
)
