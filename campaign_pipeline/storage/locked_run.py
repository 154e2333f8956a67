"""A run under its row's lock, with all its steps: what changes together is decided here.

Belongs here: moving a run and its steps from state to state, the run's context, and ending it.
Does not belong here: the rows and their lock (locked_rows), which call moves what (runs, steps), or which moves are
legal (states).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from campaign_pipeline.errors import ErrorCode
from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.model.steps import downstream_of
from campaign_pipeline.storage.life import worker_columns
from campaign_pipeline.storage.locked_rows import LockedRows
from campaign_pipeline.storage.records import ArtifactRecord, RunRecord, StepRecord
from campaign_pipeline.storage.states import (
    ACTIVE_RUN,
    ACTIVE_STEP,
    IllegalTransitionError,
    RunStatus,
    RunStepStatus,
)
from campaign_pipeline.storage.worker import this_worker

EMPTY_CONTEXT: JsonObject = {"refs": {}, "artifacts": {}, "computed": {"input_hashes_by_step": {}}}


class RunEndedError(IllegalTransitionError):
    """A process works on a run that was ended meanwhile: it was cancelled, or its process was taken to be lost."""

    def __init__(self, run: RunRecord) -> None:
        code, _, reason = (run.error or "").partition(": ")
        ended = f"run {run.id} was ended as {run.status.value} meanwhile ({reason or code})"
        known = ErrorCode(code) if code in ErrorCode.__members__ else ErrorCode.RUN_LOST
        super().__init__(known, f"{ended}; nothing more is recorded for it")


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
            RunEndedError: The run was ended while this process worked on it.
        """
        self.refuse_if_ended(step_id)
        step = self.step(step_id)
        if step.status is RunStepStatus.PENDING:
            self.change_step(step_id, input_hash=input_hash)
        elif step.input_hash != input_hash:
            raise _too_late(step, input_hash)
        if self.run.status in ACTIVE_RUN:
            self.begin()
            self._work_on(step_id, input_hash)

    def refuse_if_ended(self, step_id: str) -> None:
        """Let nobody work on a step of a run that has ended, unless the step has a result: a retry may come late.

        Raises:
            RunEndedError: In the words with which the run was ended.
        """
        if self.run.status not in ACTIVE_RUN and not self.step(step_id).output_artifact_ids:
            raise RunEndedError(self.run)

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

    def fail(
        self,
        step_id: str,
        *,
        error: str,
        diagnostics: JsonObject | None = None,
        worked_until: datetime | None = None,
    ) -> None:
        """Bring a step to the end of one that came to nothing: failed if it had begun to produce, else skipped.

        Args:
            worked_until: When work on it stopped; None is now.
        """
        step = self.step(step_id)
        if step.status is not RunStepStatus.RUNNING:
            self.conclude(step_id, RunStepStatus.SKIPPED, error=error, diagnostics=diagnostics)
            return
        stopped_at = worked_until or self.now
        ran_s = (stopped_at - (step.started_at or stopped_at)).total_seconds()
        self.conclude(
            step_id,
            RunStepStatus.FAILED,
            error=error,
            diagnostics=diagnostics,
            duration_ms=max(0, round(ran_s * 1000)),
        )

    def skip_behind(self, failed_id: str, *, error: str) -> None:
        """Skip every pending step that waits for one that failed, or for one behind whose result the run stopped."""
        behind = downstream_of(failed_id)
        if self.step(failed_id).output_artifact_ids:
            words = _stopped_behind(self.step(failed_id), error)
        else:
            words = f"waited for {failed_id}, which ended with {error}"
        for step in self.steps:
            if step.step_id in behind and step.status is RunStepStatus.PENDING:
                self.conclude(step.step_id, RunStepStatus.SKIPPED, error=words)

    def end_if_done(self) -> None:
        """End the run when nothing of it is pending or running, with the first error in build order if there is one."""
        if self.run.status not in ACTIVE_RUN or any(step.status in ACTIVE_STEP for step in self.steps):
            return
        error = next((step.error for step in self.steps if step.error is not None), None)
        status = RunStatus.COMPLETED if error is None else RunStatus.FAILED
        self._end(status, error=error)

    def end(self, status: RunStatus, *, error: str, worked_until: datetime | None = None) -> None:
        """End a run that will not come to its own end: what of it is pending or running ends with it."""
        for step in self.steps:
            if step.status in ACTIVE_STEP:
                self.fail(step.step_id, error=error, worked_until=worked_until)
        self._end(status, error=error)

    def _end(self, status: RunStatus, *, error: str | None) -> None:
        if status is not RunStatus.CANCELLED:
            self.begin()
        if self._begins_now:
            # Written apart: to the database, queued to completed in one statement would be one illegal move.
            self._save_run()
        self.change_run(status=status, error=error, completed_at=self.now)

    @property
    def _begins_now(self) -> bool:
        return self._run_changes.get("status") is RunStatus.RUNNING

    def _work_on(self, step_id: str, input_hash: ContentHash) -> None:
        context = self.run.context
        computed = context["computed"]
        hashes = {**computed["input_hashes_by_step"], step_id: input_hash}
        self.change_run(
            heartbeat_at=self.now,
            **worker_columns(this_worker()),
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


def _stopped_behind(step: StepRecord, error: str) -> str:
    """Word why a run stops behind a step that came to its result: what went wrong is no failure of the step's."""
    code, colon, message = error.partition(": ")
    made = f"{step.step_id} was {'reused' if step.cache_hit else 'made'}, but the run could not go on from it"
    if colon and code in ErrorCode.__members__:
        return f"{code}: {made}: {message}"
    return f"{made}: {error}"


def _too_late(step: StepRecord, input_hash: ContentHash) -> IllegalTransitionError:
    found = (
        f"step {step.step_id} of run {step.run_id} is {step.status.value} with input hash {step.input_hash}"
    )
    return IllegalTransitionError(ErrorCode.VALIDATION_ERROR, f"{found}; {input_hash} comes too late")
