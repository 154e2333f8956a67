"""The rows of a run and of its steps, under the lock of the run's row.

Belongs here: taking the lock, what was read under it, and writing what was changed, one statement a row.
Does not belong here: what changes together (locked_run), or which call changes what (runs, steps, publishing).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Connection, Select, Table, Update, and_, select, update

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.storage.portable_sql import utc_now
from campaign_pipeline.storage.records import ArtifactRecord, RunRecord, StepRecord
from campaign_pipeline.storage.states import RUN_TRANSITIONS, STEP_TRANSITIONS, check_transition
from campaign_pipeline.storage.tables import ARTIFACT, RUN, RUN_STEP
from campaign_pipeline.storage.tenant_scope import canonical_id

_BUILD_ORDER: dict[str, int] = {step.step_id: place for place, step in enumerate(STEPS)}


class LockedRows:
    """A run and its steps, which no other transaction can change until this one ends.

    What is changed shows here at once, and in the tables from `save` on.

    Args:
        artifacts: Those that were asked for.
        now: The database's clock after the lock was taken.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        run: RunRecord,
        steps: Sequence[StepRecord],
        artifacts: Sequence[ArtifactRecord],
        now: datetime,
    ) -> None:
        self._connection = connection
        self.run = run
        self.artifacts = artifacts
        self.now = now
        self._steps = {step.step_id: step for step in in_build_order(steps)}
        self._run_changes: dict[str, Any] = {}
        self._step_changes: dict[str, dict[str, Any]] = {}

    @classmethod
    def take(
        cls, connection: Connection, *, tenant_id: str, run_id: str, artifact_ids: Sequence[str] = ()
    ) -> Self:
        """Lock a run and read what belongs to it.

        Args:
            artifact_ids: Artifacts of the tenant, of whatever run, to read with it.

        Raises:
            CampaignError: VALIDATION_ERROR when the tenant has no such run.
        """
        run_id = canonical_id(run_id, name="run_id")
        # The run before its steps, everywhere: two transactions that lock in one order cannot deadlock.
        lock = _lock_of(run_id, tenant_id=tenant_id, artifact_ids=artifact_ids)
        locked = connection.execute(lock).mappings().all()
        if not locked:
            raise unknown_run(run_id, tenant_id=tenant_id)
        steps = connection.execute(_steps_of(run_id)).mappings().all()
        return cls(
            connection,
            run=RunRecord.of(locked[0]),
            steps=[StepRecord.of(row) for row in steps if row[RUN_STEP.c.id] is not None],
            artifacts=[ArtifactRecord.of(row) for row in locked if row[ARTIFACT.c.id] is not None],
            now=steps[0]["now"],
        )

    @property
    def steps(self) -> list[StepRecord]:
        """The run's steps as they stand now, in build order."""
        return list(self._steps.values())

    def step(self, step_id: str) -> StepRecord:
        """Find one of the run's steps as it stands now.

        Raises:
            CampaignError: VALIDATION_ERROR when the run was not asked to run it.
        """
        if step_id not in self._steps:
            asked = ", ".join(self._steps)
            message = (
                f"step_id: {step_id!r} found; run {self.run.id} has no such step: it was asked to run {asked}"
            )
            raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
        return self._steps[step_id]

    def change_run(self, **values: Any) -> None:
        """Change columns of the run.

        Raises:
            IllegalTransitionError: Its status may not go there.
        """
        changed = replace(self.run, **values, updated_at=self.now)
        check_transition(
            f"run {self.run.id}", old=self.run.status, new=changed.status, allowed=RUN_TRANSITIONS
        )
        self.run = changed
        self._run_changes.update(values)

    def change_step(self, step_id: str, **values: Any) -> None:
        """Change columns of a step.

        Raises:
            IllegalTransitionError: Its status may not go there.
        """
        step = self.step(step_id)
        changed = replace(step, **values, updated_at=self.now)
        subject = f"step {step_id} of run {self.run.id}"
        check_transition(subject, old=step.status, new=changed.status, allowed=STEP_TRANSITIONS)
        self._steps[step_id] = changed
        self._step_changes.setdefault(step_id, {}).update(values)

    def save(self) -> None:
        """Write what was changed."""
        self._save_run()
        for step_id, values in self._step_changes.items():
            self._connection.execute(self._change_of(RUN_STEP, self._steps[step_id].id, values))
        self._step_changes.clear()

    def _save_run(self) -> None:
        if self._run_changes:
            self._connection.execute(self._change_of(RUN, self.run.id, self._run_changes))
            self._run_changes.clear()

    def _change_of(self, table: Table, row_id: str, values: dict[str, Any]) -> Update:
        return update(table).where(table.c.id == row_id).values(**values, updated_at=self.now)


def _lock_of(run_id: str, *, tenant_id: str, artifact_ids: Sequence[str]) -> Select[Any]:
    wanted = and_(ARTIFACT.c.id.in_(artifact_ids), ARTIFACT.c.tenant_id == tenant_id)
    # Artifacts never change, so they may be read by the statement that waits for the lock. Steps may not: it would
    # give them as they were before the wait.
    return (
        select(RUN, ARTIFACT)
        .outerjoin_from(RUN, ARTIFACT, wanted)
        .where(RUN.c.id == run_id, RUN.c.tenant_id == tenant_id)
        .with_for_update(of=RUN)
    )


def _steps_of(run_id: str) -> Select[Any]:
    # By way of the run, so that the clock is told even where there is no step.
    of_run = RUN_STEP.c.run_id == RUN.c.id
    now = utc_now().label("now")
    return select(RUN_STEP, now).outerjoin_from(RUN, RUN_STEP, of_run).where(RUN.c.id == run_id)


def in_build_order(steps: Sequence[StepRecord]) -> list[StepRecord]:
    """Sort steps so that each stands after those it reads."""
    return sorted(steps, key=lambda step: _BUILD_ORDER.get(step.step_id, len(_BUILD_ORDER)))


def unknown_run(run_id: str, *, tenant_id: str) -> CampaignError:
    """Word that a tenant has no such run."""
    message = f"run_id: {run_id} found; tenant {tenant_id} has no such run"
    return CampaignError(ErrorCode.VALIDATION_ERROR, message)
