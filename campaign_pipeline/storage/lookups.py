"""Looking things up: steps, artifacts and reusable results, of one tenant.

Belongs here: everything that is only read, one statement a call.
Does not belong here: runs (runs), writing (steps, publishing), or whether the bytes still hold (artifact_store).
"""

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from campaign_pipeline.model.digest import ContentHash
from campaign_pipeline.storage.locked_run import in_build_order
from campaign_pipeline.storage.portable_sql import first_of, utc_now
from campaign_pipeline.storage.records import ArtifactRecord, CacheRecord, StepRecord
from campaign_pipeline.storage.states import RunStepStatus
from campaign_pipeline.storage.tables import Artifact, RunStep, StepCache
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id


class Lookups(TenantScope):
    """What a tenant's ledger can be asked."""

    def steps(self, run_id: str) -> list[StepRecord]:
        """Read a run's steps, in build order."""
        mine = (RunStep.run_id == canonical_id(run_id, name="run_id"), RunStep.tenant_id == self.tenant_id)
        with self._read() as session:
            return [
                StepRecord.of(row)
                for row in in_build_order(session.scalars(select(RunStep).where(*mine)).all())
            ]

    def artifact(self, artifact_id: str) -> ArtifactRecord | None:
        """Read one artifact."""
        mine = (
            Artifact.id == canonical_id(artifact_id, name="artifact_id"),
            Artifact.tenant_id == self.tenant_id,
        )
        return self._one_artifact(select(Artifact).where(*mine))

    def artifacts(self, run_id: str) -> list[ArtifactRecord]:
        """Read the artifacts that a run made, oldest first; those it reused belong to the runs that made them."""
        mine = (Artifact.run_id == canonical_id(run_id, name="run_id"), Artifact.tenant_id == self.tenant_id)
        with self._read() as session:
            rows = session.scalars(select(Artifact).where(*mine).order_by(Artifact.created_at))
            return [ArtifactRecord.of(row) for row in rows]

    def step_artifact(self, run_id: str, step_id: str) -> ArtifactRecord | None:
        """Read what a run's step came to, made or reused."""
        run_id = canonical_id(run_id, name="run_id")
        step = (RunStep.run_id == run_id, RunStep.step_id == step_id)
        return self._one_artifact(self._result().where(*step))

    def step_artifacts(self, run_id: str) -> dict[str, ArtifactRecord]:
        """Read what a run's steps have come to so far, made or reused, by step."""
        run_id = canonical_id(run_id, name="run_id")
        with self._read() as session:
            rows = session.execute(
                self._result().add_columns(RunStep.step_id).where(RunStep.run_id == run_id)
            )
            return {step_id: ArtifactRecord.of(row) for row, step_id in rows}

    def newest_artifact(self, campaign_id: str, step_id: str) -> ArtifactRecord | None:
        """Read what a campaign's step came to last, made or reused."""
        newest = self._result().where(*self._come_to_a_result(campaign_id, step_id))
        return self._one_artifact(newest.order_by(RunStep.completed_at.desc()).limit(1))

    def last_step_of(self, campaign_id: str, step_id: str) -> StepRecord | None:
        """Read the newest step of a campaign that came to a result: what it read tells why another one missed."""
        newest = select(RunStep).where(*self._come_to_a_result(campaign_id, step_id))
        with self._read() as session:
            row = session.scalar(newest.order_by(RunStep.completed_at.desc()).limit(1))
            return None if row is None else StepRecord.of(row)

    def cache_entry(self, cache_key: ContentHash) -> CacheRecord | None:
        """Read the result under a key with its artifact, and whether it has expired by the database's clock."""
        expired = func.coalesce(StepCache.expires_at <= utc_now(), False)
        entry = (
            select(StepCache, Artifact, expired)
            .outerjoin(
                Artifact,
                and_(Artifact.id == first_of(StepCache.artifact_ids), Artifact.tenant_id == self.tenant_id),
            )
            .where(StepCache.cache_key == cache_key, StepCache.tenant_id == self.tenant_id)
        )
        with self._read() as session:
            row = session.execute(entry).one_or_none()
            return None if row is None else CacheRecord.of(row[0], artifact=row[1], expired=bool(row[2]))

    def _result(self) -> Select[tuple[Artifact]]:
        """Select steps' artifacts, of this tenant on both sides."""
        return (
            select(Artifact)
            .join(RunStep, Artifact.id == first_of(RunStep.output_artifact_ids))
            .where(RunStep.tenant_id == self.tenant_id, Artifact.tenant_id == self.tenant_id)
        )

    def _come_to_a_result(self, campaign_id: str, step_id: str) -> tuple[ColumnElement[bool], ...]:
        return (
            RunStep.tenant_id == self.tenant_id,
            RunStep.campaign_id == campaign_id,
            RunStep.step_id == step_id,
            or_(RunStep.status == RunStepStatus.COMPLETED, RunStep.cache_hit),
        )

    def _one_artifact(self, statement: Select[tuple[Artifact]]) -> ArtifactRecord | None:
        with self._read() as session:
            row = session.scalar(statement)
            return None if row is None else ArtifactRecord.of(row)
