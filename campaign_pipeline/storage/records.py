"""What the ledger gives and takes: frozen values, never rows of a connection.

Belongs here: one record a table, and what a step hands over to be written.
Does not belong here: the tables themselves (tables).
"""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import RowMapping, Table

from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.storage.hashing import CacheScope
from campaign_pipeline.storage.states import RunStatus, RunStepStatus
from campaign_pipeline.storage.tables import ARTIFACT, RUN, RUN_STEP, STEP_CACHE
from campaign_pipeline.storage.worker import Worker

TRIMMED_AT = "trimmed_at"
"""The one key that retention leaves in a step's diagnostics: when it took the others, and the run's context."""


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One execution of a workflow for one campaign."""

    id: str
    tenant_id: str
    campaign_id: str
    workflow_name: str
    workflow_version: str
    status: RunStatus
    trigger: JsonObject
    trigger_frozen_at: datetime | None
    context: JsonObject
    error: str | None
    base_run_id: str | None
    root_run_id: str
    heartbeat_at: datetime | None
    worker_host: str | None
    worker_pid: int | None
    worker_started_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    worker_start_ticks: int | None

    @property
    def worker(self) -> Worker | None:
        """The process that works on it, or did last; None where one has ended its part and none has taken over."""
        return Worker.named(host=self.worker_host, pid=self.worker_pid, start_ticks=self.worker_start_ticks)

    @classmethod
    def of(cls, row: RowMapping) -> "RunRecord":
        """Take a row's columns of this table."""
        return cls(**_columns_of(RUN, row))


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """One step of a run: what it was asked, what it came to."""

    id: str
    run_id: str
    tenant_id: str
    campaign_id: str
    step_id: str
    skill_id: str
    status: RunStepStatus
    input_hash: ContentHash | None
    output_artifact_ids: list[str]
    cache_hit: bool
    duration_ms: int | None
    error: str | None
    attempt: int
    diagnostics: JsonObject
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def trimmed_at(self) -> str | None:
        """When retention took its diagnostics, in ISO 8601; None while they are whole."""
        return self.diagnostics.get(TRIMMED_AT)

    @classmethod
    def of(cls, row: RowMapping) -> "StepRecord":
        """Take a row's columns of this table."""
        return cls(**_columns_of(RUN_STEP, row))


@dataclass(frozen=True, kw_only=True)
class ArtifactRecord:
    """Something a step made; its bytes are found in the store by their hash."""

    id: str
    run_id: str
    tenant_id: str
    skill_id: str
    type: str
    uri: str
    content_hash: ContentHash
    size_bytes: int | None
    filename: str | None
    metadata: JsonObject
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: RowMapping) -> "ArtifactRecord":
        """Take a row's columns of this table."""
        return cls(**_columns_of(ARTIFACT, row))


@dataclass(frozen=True, kw_only=True)
class CacheRecord:
    """A result that may be reused, unless it expired or its artifact's row is gone.

    `expired` was judged by the database's clock when the record was read. `made_in_ms` is how long the step that made
    the artifact took, where that step is still known.
    """

    id: str
    tenant_id: str
    cache_key: ContentHash
    workflow_name: str
    step_id: str
    input_hash: ContentHash
    artifact_ids: list[str]
    scope: CacheScope
    created_at: datetime
    expires_at: datetime | None
    expired: bool
    made_in_ms: int | None
    artifact: ArtifactRecord | None

    @classmethod
    def of(cls, row: RowMapping) -> "CacheRecord":
        """Take a row's columns of this table, of its artifact where there is one, `expired` and `made_in_ms`."""
        artifact = None if row[ARTIFACT.c.id] is None else ArtifactRecord.of(row)
        judged = {"expired": bool(row["expired"]), "made_in_ms": row["made_in_ms"]}
        return cls(**_columns_of(STEP_CACHE, row), **judged, artifact=artifact)


@dataclass(frozen=True, kw_only=True)
class NewArtifact:
    """What a step made, its bytes in the store already, no row yet; its id is the one that its row will have."""

    id: str = field(default_factory=lambda: str(uuid4()))
    type: str
    uri: str
    content_hash: ContentHash
    size_bytes: int
    filename: str | None = None
    metadata: JsonObject = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Give the form that waits in a lease until it is published."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: JsonObject) -> "NewArtifact":
        """Take back what `to_json` gave; what else stands there is left out."""
        return cls(**{part.name: found[part.name] for part in fields(cls)})


@dataclass(frozen=True, kw_only=True)
class NewCacheEntry:
    """Under which key a result may be reused, and for how long.

    Args:
        lifetime: Counted from when it was made; None is for ever.
        made_at: None is now.
    """

    cache_key: ContentHash
    input_hash: ContentHash
    scope: CacheScope
    lifetime: timedelta | None = None
    made_at: datetime | None = None


def _columns_of(table: Table, row: RowMapping) -> dict[str, Any]:
    """Read one table's columns: a row that joins tables has a column of one name for each of them."""
    return {column.name: row[column] for column in table.columns}
