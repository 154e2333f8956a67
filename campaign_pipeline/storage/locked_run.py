"""A run under its row's lock, with all its steps: what changes together is decided here.

Belongs here: moving a run and its steps from state to state, the run's context, and ending it.
Does not belong here: the rows and their lock (locked_rows), which call moves what (runs, steps), or which moves are
legal (states).
"""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from campaign_pipeline.errors import ErrorCode
from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.model.steps import downstream_of
from campaign_pipeline.storage.locked_rows import LockedRows
from campaign_pipeline.storage.records import ArtifactRecord, StepRecord
from campaign_pipeline.storage.states import (
    ACTIVE_RUN,
    ACTIVE_STEP,
    IllegalTransitionError,
    RunStatus,
    RunStepStatus,
)
from campaign_pipeline.storage.worker import this_worker

EMPTY_CONTEXT: JsonObject = {"refs": {}, "artifacts": {}, "computed": {"input_hashes_by_step": {}}}


class LockedRun(LockedRows):
    """A run that no other transaction can change until this one ends."""

    def begin(self) -> None:
        """Let a queued run be running; one that has begun or ended stays as it is."""
        if self.run.status is RunStatus.QUEUED:
            self.change_run(status=RunStatus.RUNNING, started_at=self.now)

    def ask(self, step_id: str, input_hash: ContentHash) -> None:
        """Record what a step is asked, in the step and in the run's context, and that this process works on the run.

        Raises:
            CampaignError: VALIDATION_ERROR when there is no such step, or it is past hashing and was asked something
                else.
        """
        step = self.step(step_id)
        if step.status is RunStepStatus.PENDING:
            self.change_step(step_id, input_hash=input_hash)
        elif step.input_hash != input_hash:
            raise _too_late(step, input_hash)
        if self.run.status in ACTIVE_RUN:
            self.begin()
            self._work_on(step_id, input_hash)

    def keep(self, step_id: str, artifacts: Sequence[ArtifactRecord]) -> None:
        """Make artifacts the step's result, in the step and in the run's context; refs names the first."""
        self.change_step(step_id, output_artifact_ids=[artifact.id for artifact in artifacts])
        entries = {artifact.id: _context_entry(artifact, step_id=step_id) for artifact in artifacts}
        context = self.run.context
        self.change_run(
            context={
                **context,
                "refs": {**context["refs"], step_id: artifacts[0].id},
                "artifacts": {**context["artifacts"], **entries},
            }
        )

    def note(self, step_id: str, diagnostics: JsonObject) -> None:
        """Add to what is told of a step."""
        self.change_step(step_id, diagnostics={**self.step(step_id).diagnostics, **diagnostics})

    def conclude(
        self,
        step_id: str,
        status: RunStepStatus,
        *,
        error: str | None = None,
        diagnostics: JsonObject | None = None,
        **values: Any,
    ) -> None:
        """Bring a step to its terminal state."""
        if diagnostics:
            self.note(step_id, diagnostics)
        self.change_step(step_id, status=status, error=error, completed_at=self.now, **values)

    def skip_behind(self, failed_id: str, *, error: str) -> None:
        """Skip every pending step that waits for one that failed."""
        behind = downstream_of(failed_id)
        waited = f"waited for {failed_id}, which ended with {error}"
        for step in self.steps:
            if step.step_id in behind and step.status is RunStepStatus.PENDING:
                self.conclude(step.step_id, RunStepStatus.SKIPPED, error=waited)

    def end_if_done(self) -> None:
        """End the run when nothing of it is pending or running, with the first error in build order if there is one."""
        if self.run.status not in ACTIVE_RUN or any(step.status in ACTIVE_STEP for step in self.steps):
            return
        self.begin()
        if self._begins_now:
            # Written apart: to the database, queued to completed in one statement would be one illegal move.
            self._save_run()
        error = next((step.error for step in self.steps if step.error is not None), None)
        status = RunStatus.COMPLETED if error is None else RunStatus.FAILED
        self.change_run(status=status, error=error, completed_at=self.now)

    @property
    def _begins_now(self) -> bool:
        return self._run_changes.get("status") is RunStatus.RUNNING

    def _work_on(self, step_id: str, input_hash: ContentHash) -> None:
        worker, context = this_worker(), self.run.context
        computed = context["computed"]
        hashes = {**computed["input_hashes_by_step"], step_id: input_hash}
        self.change_run(
            heartbeat_at=self.now,
            worker_host=worker.host,
            worker_pid=worker.pid,
            worker_started_at=worker.started_at,
            worker_start_ticks=worker.start_ticks,
            context={**context, "computed": {**computed, "input_hashes_by_step": hashes}},
        )


def _context_entry(artifact: ArtifactRecord, *, step_id: str) -> JsonObject:
    return {
        "type": artifact.type,
        "uri": artifact.uri,
        "hash": artifact.content_hash,
        "metadata": artifact.metadata,
        "created_at": artifact.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "step_id": step_id,
    }


def _too_late(step: StepRecord, input_hash: ContentHash) -> IllegalTransitionError:
    found = (
        f"step {step.step_id} of run {step.run_id} is {step.status.value} with input hash {step.input_hash}"
    )
    return IllegalTransitionError(ErrorCode.VALIDATION_ERROR, f"{found}; {input_hash} comes too late")
