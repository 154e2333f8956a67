"""Steps: from pending to what they came to.

Belongs here: what a tenant's ledger writes when a step hashes, starts, hits or fails.
Does not belong here: writing a new result (publishing), what follows for the run (locked_run), reading (lookups).
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.storage.hashing import require_hash
from campaign_pipeline.storage.locked_run import LockedRun, require_step
from campaign_pipeline.storage.portable_sql import json_with, storable_text, utc_now
from campaign_pipeline.storage.records import StepRecord
from campaign_pipeline.storage.states import (
    ACTIVE_RUN,
    ACTIVE_STEP,
    IllegalTransitionError,
    RunStatus,
    RunStepStatus,
)
from campaign_pipeline.storage.tables import Run, RunStep
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id
from campaign_pipeline.storage.worker import this_worker

# A statement that changes rows need not look for them in a session that has loaded none.
_NOTHING_LOADED = {"synchronize_session": False}


class StepLedger(TenantScope):
    """A tenant's steps, on their way."""

    def hash_step(self, run_id: str, step_id: str, input_hash: ContentHash) -> None:
        """Record what a pending step was asked, in the step and in the run's context; its run is running from now on.

        A retry, which comes with the same hash, changes nothing.

        Raises:
            CampaignError: INVALID_HASH; VALIDATION_ERROR when there is no such step, or it is past hashing and was
                asked something else.
        """
        run_id = canonical_id(run_id, name="run_id")
        require_hash(input_hash, name="input_hash")
        require_step(step_id)
        with self._write() as session:
            # The run before the step, as everywhere: two transactions that lock in one order cannot deadlock.
            begun = self._begin(session, run_id, step_id, input_hash)
            hashed = self._record_hash(session, run_id, step_id, input_hash)
            if not (begun and hashed):
                self._check_repeated(session, run_id, step_id, input_hash)

    def start_step(self, run_id: str, step_id: str, *, attempt: int) -> StepRecord:
        """Record that a step begins to produce; on a retry only its attempt rises.

        A step that has completed stays so: a retry may come after publication.

        Args:
            attempt: 1 for the first try.

        Raises:
            CampaignError: VALIDATION_ERROR when there is no such step, it has no input hash, or it failed or was
                skipped.
        """
        with self._write() as session:
            locked = LockedRun.take(session, tenant_id=self.tenant_id, run_id=run_id)
            step = locked.step(step_id)
            if step.status is RunStepStatus.COMPLETED:
                return StepRecord.of(step)
            _check_hashed(step)
            step.status = RunStepStatus.RUNNING
            step.started_at = step.started_at or locked.now
            step.attempt = max(step.attempt, attempt)
            session.flush()
            return StepRecord.of(step)

    def record_hit(
        self, run_id: str, step_id: str, *, artifacts: Sequence[str], diagnostics: JsonObject | None = None
    ) -> StepRecord:
        """Record that an earlier result is reused: the step is skipped, and may be the one that ends the run.

        A step that was running already (a retry, while another run made the result) completes with it. One that is
        past that stays as it is.

        Args:
            artifacts: Ids of the earlier result's artifacts, of this tenant.

        Raises:
            CampaignError: VALIDATION_ERROR when there is no such step or artifact, or the step failed.
        """
        ids = [canonical_id(artifact_id, name="artifacts") for artifact_id in artifacts]
        with self._write() as session:
            locked = LockedRun.take(session, tenant_id=self.tenant_id, run_id=run_id, artifact_ids=ids)
            step = locked.step(step_id)
            if step.output_artifact_ids:
                return StepRecord.of(step)
            _check_hashed(step)
            _check_artifacts(locked, ids)
            begun = step.status is RunStepStatus.RUNNING
            status = RunStepStatus.COMPLETED if begun else RunStepStatus.SKIPPED
            step.cache_hit = True
            locked.keep(step, locked.artifacts)
            locked.conclude(step, status, diagnostics=diagnostics)
            locked.end_if_done()
            session.flush()
            return StepRecord.of(step)

    def fail_step(
        self, run_id: str, step_id: str, *, error: str, diagnostics: JsonObject | None = None
    ) -> StepRecord:
        """Record that a step will not come to a result; what waits for it is skipped, and the run may end.

        A step that had not begun to produce is skipped with the error. One that has ended stays as it is.

        Raises:
            CampaignError: VALIDATION_ERROR when there is no such step.
        """
        with self._write() as session:
            locked = LockedRun.take(session, tenant_id=self.tenant_id, run_id=run_id)
            step = locked.step(step_id)
            if step.status not in ACTIVE_STEP:
                return StepRecord.of(step)
            locked.begin()
            begun = step.status is RunStepStatus.RUNNING
            status = RunStepStatus.FAILED if begun else RunStepStatus.SKIPPED
            locked.conclude(step, status, error=storable_text(error), diagnostics=diagnostics)
            if step.started_at is not None:
                step.duration_ms = max(0, round((locked.now - step.started_at).total_seconds() * 1000))
            locked.skip_behind(step)
            locked.end_if_done()
            session.flush()
            return StepRecord.of(step)

    def _begin(self, session: Session, run_id: str, step_id: str, input_hash: ContentHash) -> bool:
        """Let an active run be running, with this step's hash in its context; tell whether there was one."""
        worker = this_worker()
        path = ("computed", "input_hashes_by_step", step_id)
        change = (
            update(Run)
            .where(Run.id == run_id, Run.tenant_id == self.tenant_id, Run.status.in_(ACTIVE_RUN))
            .values(
                status=RunStatus.RUNNING,
                started_at=func.coalesce(Run.started_at, utc_now()),
                heartbeat_at=utc_now(),
                worker_host=worker.host,
                worker_pid=worker.pid,
                worker_started_at=worker.started_at,
                context=json_with(session, Run.context, path=path, text=input_hash),
            )
        )
        return session.scalar(change.returning(Run.id), execution_options=_NOTHING_LOADED) is not None

    def _record_hash(self, session: Session, run_id: str, step_id: str, input_hash: ContentHash) -> bool:
        """Record a hash on a step that is still pending; tell whether there was one."""
        change = (
            update(RunStep)
            .where(*self._this_step(run_id, step_id), RunStep.status == RunStepStatus.PENDING)
            .values(input_hash=input_hash)
        )
        return session.scalar(change.returning(RunStep.id), execution_options=_NOTHING_LOADED) is not None

    def _check_repeated(self, session: Session, run_id: str, step_id: str, input_hash: ContentHash) -> None:
        step = session.scalar(select(RunStep).where(*self._this_step(run_id, step_id)))
        if step is None:
            message = f"step_id: {step_id!r} found; run {run_id} of tenant {self.tenant_id} has no such step"
            raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
        if step.input_hash != input_hash:
            message = (
                f"step {step_id} of run {run_id} is {step.status.value} with input hash {step.input_hash}"
            )
            raise IllegalTransitionError(
                ErrorCode.VALIDATION_ERROR, f"{message}; {input_hash} comes too late"
            )

    def _this_step(self, run_id: str, step_id: str) -> tuple[ColumnElement[bool], ...]:
        return RunStep.run_id == run_id, RunStep.step_id == step_id, RunStep.tenant_id == self.tenant_id


def _check_hashed(step: RunStep) -> None:
    if step.input_hash is None:
        message = f"input_hash: step {step.step_id} of run {step.run_id} has none; a step is hashed first"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)


def _check_artifacts(locked: LockedRun, ids: Sequence[str]) -> None:
    if not ids or len(locked.artifacts) != len(set(ids)):
        found = ", ".join(ids) or "nothing"
        message = f"artifacts: {found} found; artifacts of tenant {locked.run.tenant_id} are expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
