"""Publishing: a step's new result enters the tables, in one transaction.

Belongs here: the artifact's row, the entry under which it may be reused, and the finished step.
Does not belong here: the bytes, which are in the store before (artifact_store), or earlier results (steps).
"""

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Delete, Insert, Select, delete, insert, select

from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.storage.hashing import require_hash
from campaign_pipeline.storage.leases import Lease, LeaseLostError, held_by
from campaign_pipeline.storage.locked_run import LockedRun
from campaign_pipeline.storage.portable_sql import insert_into
from campaign_pipeline.storage.records import ArtifactRecord, NewArtifact, NewCacheEntry, StepRecord
from campaign_pipeline.storage.states import RunStepStatus
from campaign_pipeline.storage.tables import ARTIFACT, LEASE, STEP_CACHE
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
        lease: Lease | None = None,
    ) -> ArtifactRecord:
        """Record a running step's result: artifact, reusable result, completed step, run context; maybe the run's end.

        Publishing a step again gives the artifact that stands there.

        Args:
            cache: An entry that is there already under this key is repaired: it gives this result from now on. None
                leaves the table of results alone.
            lease: Under which it was produced; it ends here.

        Raises:
            CampaignError: INVALID_HASH; VALIDATION_ERROR when there is no such step, or it is not running.
            LeaseLostError: Another has taken the lease over; nothing was written.
            RunEndedError: The run was ended while this process worked on it.
        """
        require_hash(artifact.content_hash, name="content_hash")
        with self._write() as connection:
            locked = LockedRun.take(connection, tenant_id=self.tenant_id, run_id=run_id)
            step = locked.step(step_id)
            if step.status is RunStepStatus.COMPLETED:
                return _only(connection, _artifact_of(step))
            locked.refuse_if_ended(step_id)
            if lease is not None:
                _end(connection, lease, tenant_id=self.tenant_id)
            made = _only(connection, _insert_of(artifact, step=step, locked=locked))
            if cache is not None:
                connection.execute(_entry_of(connection, cache, made=made, step_id=step_id, locked=locked))
                if lease is not None and lease.key != cache.cache_key:
                    connection.execute(_forget_what_waits(cache, tenant_id=self.tenant_id))
            locked.keep(step_id, [made])
            locked.conclude(
                step_id, RunStepStatus.COMPLETED, duration_ms=duration_ms, diagnostics=diagnostics
            )
            locked.end_if_done()
            locked.save()
            return made


def _end(connection: Connection, lease: Lease, *, tenant_id: str) -> None:
    """End a lease in the transaction that publishes: whoever lost it publishes nothing."""
    if connection.execute(delete(LEASE).where(*held_by(lease, tenant_id=tenant_id))).rowcount != 1:
        raise LeaseLostError(lease)


def _forget_what_waits(cache: NewCacheEntry, *, tenant_id: str) -> Delete:
    """Forget an older result that was never published: were this one lost, it would be taken for it."""
    return delete(LEASE).where(
        LEASE.c.lease_key == cache.cache_key, LEASE.c.tenant_id == tenant_id, LEASE.c.holder.is_(None)
    )


def _only(connection: Connection, statement: Select[Any] | Insert) -> ArtifactRecord:
    return ArtifactRecord.of(connection.execute(statement).mappings().one())


def _artifact_of(step: StepRecord) -> Select[Any]:
    return select(ARTIFACT).where(ARTIFACT.c.id == step.output_artifact_ids[0])


def _insert_of(artifact: NewArtifact, *, step: StepRecord, locked: LockedRun) -> Insert:
    values = {
        "id": artifact.id,
        "run_id": locked.run.id,
        "tenant_id": locked.run.tenant_id,
        "skill_id": step.skill_id,
        "type": artifact.type,
        "uri": artifact.uri,
        "content_hash": artifact.content_hash,
        "size_bytes": artifact.size_bytes,
        "filename": artifact.filename,
        "metadata": artifact.metadata,
        "created_at": locked.now,
        "updated_at": locked.now,
    }
    return insert(ARTIFACT).values(values).returning(ARTIFACT)


def _entry_of(
    connection: Connection, entry: NewCacheEntry, *, made: ArtifactRecord, step_id: str, locked: LockedRun
) -> Insert:
    result = {
        "workflow_name": locked.run.workflow_name,
        "input_hash": require_hash(entry.input_hash, name="input_hash"),
        "artifact_ids": [made.id],
        "created_at": locked.now,
        "expires_at": None if entry.lifetime is None else (entry.made_at or locked.now) + entry.lifetime,
    }
    key = {
        "id": str(uuid4()),
        "tenant_id": locked.run.tenant_id,
        "cache_key": require_hash(entry.cache_key, name="cache_key"),
        "step_id": step_id,
        "scope": entry.scope,
    }
    # The tenant is part of the key's hash; it stands here too, so that not even a forged key reaches another's entry.
    return (
        insert_into(connection, STEP_CACHE)
        .values(**key, **result)
        .on_conflict_do_update(
            index_elements=[STEP_CACHE.c.cache_key],
            set_=result,
            where=STEP_CACHE.c.tenant_id == locked.run.tenant_id,
        )
    )
