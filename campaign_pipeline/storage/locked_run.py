"""A run under its row's lock, with all its steps: what changes together is decided here.

Belongs here: moving a run and its steps from state to state, the run's context, and ending it.
Does not belong here: which call moves what (runs, steps), or which moves are legal (states).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.steps import STEP_BY_ID, STEPS, Step, downstream_of
from campaign_pipeline.storage.portable_sql import utc_now
from campaign_pipeline.storage.states import ACTIVE_RUN, ACTIVE_STEP, RunStatus, RunStepStatus
from campaign_pipeline.storage.tables import Artifact, Run, RunStep
from campaign_pipeline.storage.tenant_scope import canonical_id

_BUILD_ORDER: dict[str, int] = {step.step_id: place for place, step in enumerate(STEPS)}

EMPTY_CONTEXT: JsonObject = {"refs": {}, "artifacts": {}, "computed": {"input_hashes_by_step": {}}}


@dataclass
class LockedRun:
    """A run that no other transaction can change until this one ends.

    `steps` stand in build order; `now` is the database's clock after the lock was taken.
    """

    session: Session
    run: Run
    steps: list[RunStep]
    artifacts: list[Artifact]
    now: datetime

    @classmethod
    def take(
        cls, session: Session, *, tenant_id: str, run_id: str, artifact_ids: Sequence[str] = ()
    ) -> "LockedRun":
        """Lock a run and read what belongs to it.

        Args:
            artifact_ids: Artifacts of the tenant, of whatever run, to read with it.

        Raises:
            CampaignError: VALIDATION_ERROR when the tenant has no such run.
        """
        run_id = canonical_id(run_id, name="run_id")
        wanted = and_(Artifact.id.in_(artifact_ids), Artifact.tenant_id == tenant_id)
        # Artifacts never change, so they may be read by the statement that waits for the lock. Steps may not: it
        # would give them as they were before the wait.
        locked = session.execute(
            select(Run, Artifact)
            .outerjoin(Artifact, wanted)
            .where(Run.id == run_id, Run.tenant_id == tenant_id)
            .with_for_update(of=Run)
        ).all()
        if not locked:
            raise unknown_run(run_id, tenant_id=tenant_id)
        rows = session.execute(select(RunStep, utc_now()).where(RunStep.run_id == run_id)).all()
        return cls(
            session=session,
            run=locked[0][0],
            steps=in_build_order([row[0] for row in rows]),
            artifacts=[row[1] for row in locked if row[1] is not None],
            now=rows[0][1],
        )

    def step(self, step_id: str) -> RunStep:
        """Find one of the run's steps.

        Raises:
            CampaignError: VALIDATION_ERROR when the run was not asked to run it.
        """
        found = next((step for step in self.steps if step.step_id == step_id), None)
        if found is None:
            known = ", ".join(step.step_id for step in self.steps)
            message = f"step_id: {step_id!r} found; run {self.run.id} was asked to run {known}"
            raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
        return found

    def begin(self) -> None:
        """Let a queued run be running; one that has begun or ended stays as it is."""
        if self.run.status is RunStatus.QUEUED:
            self.run.status = RunStatus.RUNNING
            self.run.started_at = self.now
            # Written at once: to the database, queued to failed in one statement would be one illegal move.
            self.session.flush()

    def keep(self, step: RunStep, artifacts: Sequence[Artifact]) -> None:
        """Make artifacts the step's result, in the step and in the run's context; refs names the first."""
        step.output_artifact_ids = [artifact.id for artifact in artifacts]
        entries = {artifact.id: _context_entry(artifact, step_id=step.step_id) for artifact in artifacts}
        context = self.run.context
        self.run.context = {
            **context,
            "refs": {**context["refs"], step.step_id: artifacts[0].id},
            "artifacts": {**context["artifacts"], **entries},
        }

    def conclude(
        self,
        step: RunStep,
        status: RunStepStatus,
        *,
        error: str | None = None,
        diagnostics: JsonObject | None = None,
    ) -> None:
        """Bring a step to its terminal state."""
        step.status = status
        step.error = error
        step.completed_at = self.now
        if diagnostics:
            step.diagnostics = {**step.diagnostics, **diagnostics}

    def skip_behind(self, failed: RunStep) -> None:
        """Skip every pending step that waits for one that failed."""
        behind = downstream_of(failed.step_id)
        for step in self.steps:
            if step.step_id in behind and step.status is RunStepStatus.PENDING:
                waited = f"waited for {failed.step_id}, which ended with {failed.error}"
                self.conclude(step, RunStepStatus.SKIPPED, error=waited)

    def end_if_done(self) -> None:
        """End the run when nothing of it is pending or running, with the first error in build order if there is one."""
        if self.run.status not in ACTIVE_RUN or any(step.status in ACTIVE_STEP for step in self.steps):
            return
        self.begin()
        self.run.error = next((step.error for step in self.steps if step.error is not None), None)
        self.run.status = RunStatus.COMPLETED if self.run.error is None else RunStatus.FAILED
        self.run.completed_at = self.now


def _context_entry(artifact: Artifact, *, step_id: str) -> JsonObject:
    return {
        "type": artifact.type,
        "uri": artifact.uri,
        "hash": artifact.content_hash,
        "metadata": artifact.metadata_,
        "created_at": artifact.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "step_id": step_id,
    }


def in_build_order(steps: Sequence[RunStep]) -> list[RunStep]:
    """Sort steps so that each stands after those it reads."""
    return sorted(steps, key=lambda step: _BUILD_ORDER.get(step.step_id, len(_BUILD_ORDER)))


def unknown_run(run_id: str, *, tenant_id: str) -> CampaignError:
    """Word that a tenant has no such run."""
    message = f"run_id: {run_id} found; tenant {tenant_id} has no such run"
    return CampaignError(ErrorCode.VALIDATION_ERROR, message)


def require_step(step_id: str) -> Step:
    """Give the step of a name.

    Raises:
        CampaignError: VALIDATION_ERROR when no campaign has such a step.
    """
    if step_id not in STEP_BY_ID:
        message = f"step_id: {step_id!r} found; one of {', '.join(STEP_BY_ID)} is expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    return STEP_BY_ID[step_id]
