"""The four tables: runs, their steps, the artifacts they made, and what may be reused.

Belongs here: the data model's entities as typed columns, their constraints and indexes.
Does not belong here: how rows come to be and change (runs, steps), and the DDL that is run (migrations).
"""

from datetime import datetime
from typing import Any, get_args

from sqlalchemy import BigInteger, CheckConstraint, Enum, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.storage.hashing import CacheScope
from campaign_pipeline.storage.mapping import Table, UuidList, UuidText, choice_check, hash_check
from campaign_pipeline.storage.portable_sql import utc_now
from campaign_pipeline.storage.states import (
    RUN_TRANSITIONS,
    STEP_TRANSITIONS,
    RunStatus,
    RunStepStatus,
    check_transition,
)


def _text_of(enum: type[RunStatus | RunStepStatus]) -> Enum:
    """Keep an enum as the text of its value; the table's own check names the choices."""
    return Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class Run(Table):
    """One execution of a workflow for one campaign."""

    __tablename__ = "run"
    __table_args__ = (
        choice_check("status", tuple(RunStatus)),
        Index(None, "tenant_id", "campaign_id", "created_at"),
        {"comment": "One execution of a workflow for one campaign"},
    )

    id: Mapped[UuidText] = mapped_column(primary_key=True, comment="The Dagster run id")
    tenant_id: Mapped[str]
    campaign_id: Mapped[str] = mapped_column(
        comment="From trigger, so that a campaign's runs are one index look-up"
    )
    workflow_name: Mapped[str]
    workflow_version: Mapped[str]
    status: Mapped[RunStatus] = mapped_column(_text_of(RunStatus), default=RunStatus.QUEUED)
    trigger: Mapped[JsonObject] = mapped_column(
        comment="What was asked for: the resolved brief, overrides, cache mode"
    )
    trigger_frozen_at: Mapped[datetime | None] = mapped_column(
        comment="When trigger got its resolved brief; from then on it stays, whoever else resolves one"
    )
    context: Mapped[JsonObject] = mapped_column(
        comment="refs, artifacts and computed; complete after every step"
    )
    error: Mapped[str | None]
    base_run_id: Mapped[UuidText | None] = mapped_column(
        comment="The completed run that a partial rebuild starts from"
    )
    root_run_id: Mapped[UuidText] = mapped_column(
        comment="The first run of a chain of re-executions, itself if it is none: run_only results belong to it"
    )
    heartbeat_at: Mapped[datetime | None] = mapped_column(
        comment="Last sign of life of the process that works on it"
    )
    worker_host: Mapped[str | None] = mapped_column(comment="Host of the process that works on it")
    worker_pid: Mapped[int | None] = mapped_column(comment="Id of that process on its host")
    worker_started_at: Mapped[datetime | None] = mapped_column(
        comment="Start of that process: tells it from a later one with the same id"
    )
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now())
    updated_at: Mapped[datetime] = mapped_column(default=utc_now(), onupdate=utc_now())

    steps: Mapped[list["RunStep"]] = relationship(back_populates="run", lazy="raise")
    artifacts: Mapped[list["Artifact"]] = relationship(back_populates="run", lazy="raise")

    @validates("status")
    def _guard_status(self, _key: str, new: RunStatus) -> RunStatus:
        check_transition(f"run {self.id}", old=self.status, new=new, allowed=RUN_TRANSITIONS)
        return new


class RunStep(Table):
    """One step of a run: what it was asked, what it came to."""

    __tablename__ = "run_step"
    __table_args__ = (
        choice_check("status", tuple(RunStepStatus)),
        hash_check("input_hash"),
        CheckConstraint(
            "input_hash IS NOT NULL OR status = 'pending' OR (status = 'skipped' AND NOT cache_hit)",
            name="input_hash_from_running_on",
        ),
        CheckConstraint("attempt >= 1", name="attempt_counts_from_one"),
        CheckConstraint("duration_ms >= 0", name="duration_ms_is_not_negative"),
        UniqueConstraint("run_id", "step_id"),
        Index("ix_run_step_newest", "tenant_id", "campaign_id", "step_id", "completed_at"),
        {"comment": "One step of a run; a run has one for each step that it was asked to run"},
    )

    id: Mapped[UuidText] = mapped_column(primary_key=True)
    run_id: Mapped[UuidText] = mapped_column(ForeignKey("run.id"))
    tenant_id: Mapped[str]
    campaign_id: Mapped[str] = mapped_column(
        comment="Of the run: so that the newest result of a campaign's step is one index look-up"
    )
    step_id: Mapped[str]
    skill_id: Mapped[str]
    status: Mapped[RunStepStatus] = mapped_column(_text_of(RunStepStatus), default=RunStepStatus.PENDING)
    input_hash: Mapped[str | None] = mapped_column(comment="Null where no hash was taken")
    output_artifact_ids: Mapped[UuidList] = mapped_column(default=list)
    cache_hit: Mapped[bool] = mapped_column(default=False)
    duration_ms: Mapped[int | None]
    error: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(default=1, comment="Rises with each retry; the status does not move")
    diagnostics: Mapped[JsonObject] = mapped_column(
        default=dict, comment="Timings, provider calls, tokens, cost, why the cache hit or missed"
    )
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now())
    updated_at: Mapped[datetime] = mapped_column(default=utc_now(), onupdate=utc_now())

    run: Mapped[Run] = relationship(back_populates="steps", lazy="raise")

    @validates("status")
    def _guard_status(self, _key: str, new: RunStepStatus) -> RunStepStatus:
        subject = f"step {self.step_id} of run {self.run_id}"
        check_transition(subject, old=self.status, new=new, allowed=STEP_TRANSITIONS)
        return new


class Artifact(Table):
    """Something a step made: where its bytes are, and their hash."""

    __tablename__ = "artifact"
    __table_args__ = (
        hash_check("content_hash"),
        CheckConstraint("size_bytes >= 0", name="size_bytes_is_not_negative"),
        Index(None, "run_id"),
        {"comment": "Something a step made; its bytes lie in the artifact store under content_hash"},
    )

    id: Mapped[UuidText] = mapped_column(primary_key=True)
    run_id: Mapped[UuidText] = mapped_column(
        ForeignKey("run.id"), comment="The run that made it, not those reusing it"
    )
    tenant_id: Mapped[str]
    skill_id: Mapped[str]
    type: Mapped[str]
    uri: Mapped[str] = mapped_column(comment="Tells a reader where; bytes are found by content_hash")
    content_hash: Mapped[str]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    filename: Mapped[str | None]
    # `metadata` is SQLAlchemy's own name on a mapped class.
    metadata_: Mapped[JsonObject] = mapped_column(
        "metadata", comment="references lists the digests of other bytes it needs"
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now())
    updated_at: Mapped[datetime] = mapped_column(default=utc_now(), onupdate=utc_now())

    run: Mapped[Run] = relationship(back_populates="artifacts", lazy="raise")


class StepCache(Table):
    """A result that may be reused: which artifacts an invocation made."""

    __tablename__ = "step_cache"
    __table_args__ = (
        hash_check("cache_key"),
        hash_check("input_hash"),
        choice_check("scope", get_args(CacheScope)),
        UniqueConstraint("cache_key"),
        {"comment": "Results that may be reused, by input hash bound to tenant, step and scope"},
    )

    id: Mapped[UuidText] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(
        comment="Part of cache_key; here so that every read can be bound to it"
    )
    cache_key: Mapped[str]
    workflow_name: Mapped[str] = mapped_column(comment="Which workflow made it; no part of the key")
    step_id: Mapped[str]
    input_hash: Mapped[str]
    artifact_ids: Mapped[UuidList]
    scope: Mapped[CacheScope] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(
        default=utc_now(), comment="When this result was written or repaired"
    )
    expires_at: Mapped[datetime | None] = mapped_column(comment="Fixed at writing; null means never")


def columns_of(row: Run | RunStep | Artifact | StepCache) -> dict[str, Any]:
    """Read a row's columns by their names in the database."""
    return {
        attribute.columns[0].name: getattr(row, attribute.key) for attribute in row.__mapper__.column_attrs
    }
