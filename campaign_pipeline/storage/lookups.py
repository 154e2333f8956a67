"""Looking things up: steps, artifacts and reusable results, of one tenant.

Belongs here: everything that is only read, one statement a call.
Does not belong here: runs (runs), writing (steps, publishing), or whether the bytes still hold (artifact_store).
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.storage.locked_rows import in_build_order
from campaign_pipeline.storage.portable_sql import checked, first_of, utc_now
from campaign_pipeline.storage.records import ArtifactRecord, CacheRecord, StepRecord
from campaign_pipeline.storage.states import RunStepStatus
from campaign_pipeline.storage.tables import ARTIFACT, RUN_STEP, STEP_CACHE
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id

_RECENT = 10
"""How many earlier results a miss is compared with."""


class Lookups(TenantScope):
    """What a tenant's ledger can be asked."""

    def steps(self, run_id: str) -> list[StepRecord]:
        """Read a run's steps, in build order."""
        of_run = RUN_STEP.c.run_id == canonical_id(run_id, name="run_id")
        rows = self._rows(select(RUN_STEP).where(of_run, checked(RUN_STEP.c.tenant_id) == self.tenant_id))
        return in_build_order([StepRecord.of(row) for row in rows])

    def artifact(self, artifact_id: str) -> ArtifactRecord | None:
        """Read one artifact."""
        wanted = ARTIFACT.c.id == canonical_id(artifact_id, name="artifact_id")
        return self._one_artifact(self._artifacts().where(wanted))

    def artifacts(self, run_id: str) -> list[ArtifactRecord]:
        """Read the artifacts that a run made, oldest first; those it reused belong to the runs that made them."""
        of_run = ARTIFACT.c.run_id == canonical_id(run_id, name="run_id")
        rows = self._rows(self._artifacts().where(of_run).order_by(ARTIFACT.c.created_at))
        return [ArtifactRecord.of(row) for row in rows]

    def step_artifact(self, run_id: str, step_id: str) -> ArtifactRecord | None:
        """Read what a run's step came to, made or reused."""
        run_id = canonical_id(run_id, name="run_id")
        return self._one_artifact(
            self._results().where(RUN_STEP.c.run_id == run_id, RUN_STEP.c.step_id == step_id)
        )

    def step_artifacts(self, run_id: str) -> dict[str, ArtifactRecord]:
        """Read what a run's steps have come to so far, made or reused, by step."""
        run_id = canonical_id(run_id, name="run_id")
        results = self._results().add_columns(RUN_STEP.c.step_id).where(RUN_STEP.c.run_id == run_id)
        return {row["step_id"]: ArtifactRecord.of(row) for row in self._rows(results)}

    def newest_artifact(self, campaign_id: str, step_id: str) -> ArtifactRecord | None:
        """Read what a campaign's step came to last, made or reused."""
        finished = self._results().where(*self._come_to_a_result(campaign_id, step_id))
        return self._one_artifact(_newest(finished))

    def recent_reads(self, campaign_id: str, step_id: str) -> list[JsonObject]:
        """Read what a campaign's last few results of a step were made from, the newest first.

        Where diagnostics were trimmed it is nothing.
        """
        finished = select(RUN_STEP.c.diagnostics).where(*self._come_to_a_result(campaign_id, step_id))
        rows = self._rows(_newest(finished, count=_RECENT))
        return [row["diagnostics"].get("read", {}) for row in rows]

    def read_in(self, run_id: str, step_id: str) -> JsonObject | None:
        """Read what a run's step was made from; None where it came to nothing, or its diagnostics were trimmed."""
        of_run = RUN_STEP.c.run_id == canonical_id(run_id, name="run_id")
        mine = RUN_STEP.c.tenant_id == self.tenant_id
        row = self._row(select(RUN_STEP.c.diagnostics).where(of_run, mine, RUN_STEP.c.step_id == step_id))
        return None if row is None else row["diagnostics"].get("read")

    def cache_entry(self, cache_key: ContentHash) -> CacheRecord | None:
        """Read the result under a key, its artifact and maker; the database's clock says whether it has expired."""
        row = self._row(self._entries().where(STEP_CACHE.c.cache_key == cache_key))
        return None if row is None else CacheRecord.of(row)

    def _artifacts(self) -> Select[Any]:
        return select(ARTIFACT).where(ARTIFACT.c.tenant_id == self.tenant_id)

    def _results(self) -> Select[Any]:
        """Select steps' artifacts, of this tenant on both sides."""
        is_result = ARTIFACT.c.id == first_of(RUN_STEP.c.output_artifact_ids)
        mine = checked(RUN_STEP.c.tenant_id) == self.tenant_id
        return self._artifacts().join(RUN_STEP, is_result).where(mine)

    def _entries(self) -> Select[Any]:
        """Select reusable results with artifact, maker and whether they have expired, of this tenant on all sides."""
        expired = func.coalesce(STEP_CACHE.c.expires_at <= utc_now(), False).label("expired")
        is_result = and_(
            ARTIFACT.c.id == first_of(STEP_CACHE.c.artifact_ids), ARTIFACT.c.tenant_id == self.tenant_id
        )
        is_maker = and_(
            RUN_STEP.c.run_id == ARTIFACT.c.run_id,
            RUN_STEP.c.step_id == STEP_CACHE.c.step_id,
            RUN_STEP.c.tenant_id == self.tenant_id,
        )
        return (
            select(STEP_CACHE, ARTIFACT, expired, RUN_STEP.c.duration_ms.label("made_in_ms"))
            .outerjoin_from(STEP_CACHE, ARTIFACT, is_result)
            .outerjoin(RUN_STEP, is_maker)
            .where(STEP_CACHE.c.tenant_id == self.tenant_id)
        )

    def _come_to_a_result(self, campaign_id: str, step_id: str) -> tuple[ColumnElement[bool], ...]:
        return (
            RUN_STEP.c.tenant_id == self.tenant_id,
            RUN_STEP.c.campaign_id == campaign_id,
            RUN_STEP.c.step_id == step_id,
            or_(RUN_STEP.c.status == RunStepStatus.COMPLETED, RUN_STEP.c.cache_hit),
        )

    def _one_artifact(self, statement: Select[Any]) -> ArtifactRecord | None:
        row = self._row(statement)
        return None if row is None else ArtifactRecord.of(row)


def _newest(steps: Select[Any], *, count: int = 1) -> Select[Any]:
    return steps.order_by(RUN_STEP.c.completed_at.desc()).limit(count)
