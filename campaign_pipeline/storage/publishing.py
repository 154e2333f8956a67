"""Publishing: a step's new result enters the tables, in one transaction.

Belongs here: the artifact's row, the entry under which it may be reused, and the finished step.
Does not belong here: the bytes, which are in the store before (artifact_store), or earlier results (steps).
"""

from uuid import uuid4

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.storage.hashing import require_hash
from campaign_pipeline.storage.locked_run import LockedRun
from campaign_pipeline.storage.portable_sql import insert_into
from campaign_pipeline.storage.records import ArtifactRecord, NewArtifact, NewCacheEntry
from campaign_pipeline.storage.states import RunStepStatus
from campaign_pipeline.storage.tables import Artifact, RunStep, StepCache
from campaign_pipeline.storage.tenant_scope import TenantScope


class PublishingLedger(TenantScope):
    """A tenant's steps, where they come to a new result."""

    def publish(
        self,
        run_id: str,
        step_id: str,
        *,
        artifact: NewArtifact,
        cache: NewCacheEntry | None,
        duration_ms: int,
        diagnostics: JsonObject | None = None,
    ) -> ArtifactRecord:
        """Record a running step's result: artifact, reusable result, completed step, run context; maybe the run's end.

        Publishing a step again gives the artifact that stands there.

        Args:
            cache: An entry that is there already under this key is repaired: it gives this result from now on. None
                leaves the table of results alone.

        Raises:
            CampaignError: INVALID_HASH; VALIDATION_ERROR when there is no such step, or it is not running.
        """
        require_hash(artifact.content_hash, name="content_hash")
        with self._write() as session:
            locked = LockedRun.take(session, tenant_id=self.tenant_id, run_id=run_id)
            step = locked.step(step_id)
            if step.status is RunStepStatus.COMPLETED:
                return ArtifactRecord.of(session.get_one(Artifact, step.output_artifact_ids[0]))
            row = _row_of(artifact, step=step, locked=locked)
            session.add(row)
            if cache is not None:
                _remember(cache, row, step_id=step_id, locked=locked)
            step.duration_ms = duration_ms
            locked.keep(step, [row])
            locked.conclude(step, RunStepStatus.COMPLETED, diagnostics=diagnostics)
            locked.end_if_done()
            session.flush()
            return ArtifactRecord.of(row)


def _row_of(artifact: NewArtifact, *, step: RunStep, locked: LockedRun) -> Artifact:
    return Artifact(
        id=str(uuid4()),
        run_id=locked.run.id,
        tenant_id=locked.run.tenant_id,
        skill_id=step.skill_id,
        type=artifact.type,
        uri=artifact.uri,
        content_hash=artifact.content_hash,
        size_bytes=artifact.size_bytes,
        filename=artifact.filename,
        metadata_=artifact.metadata,
        created_at=locked.now,
    )


def _remember(entry: NewCacheEntry, artifact: Artifact, *, step_id: str, locked: LockedRun) -> None:
    result = {
        "workflow_name": locked.run.workflow_name,
        "input_hash": require_hash(entry.input_hash, name="input_hash"),
        "artifact_ids": [artifact.id],
        "created_at": locked.now,
        "expires_at": None if entry.lifetime is None else locked.now + entry.lifetime,
    }
    key = {
        "id": str(uuid4()),
        "tenant_id": locked.run.tenant_id,
        "cache_key": require_hash(entry.cache_key, name="cache_key"),
        "step_id": step_id,
        "scope": entry.scope,
    }
    # The tenant is part of the key's hash; it stands here too, so that not even a forged key reaches another's entry.
    locked.session.execute(
        insert_into(locked.session, StepCache)
        .values(**key, **result)
        .on_conflict_do_update(
            index_elements=[StepCache.cache_key],
            set_=result,
            where=StepCache.tenant_id == locked.run.tenant_id,
        )
    )
