"""Runs: how they are opened, held to one trigger, refused, and found again.

Belongs here: what a tenant's ledger does with whole runs.
Does not belong here: what becomes of a single step (steps).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Select, Update, bindparam, exists, insert, or_, select, update

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.steps import STEP_BY_ID, STEPS, Step
from campaign_pipeline.storage.descent import open_behind_removals
from campaign_pipeline.storage.life import worker_columns
from campaign_pipeline.storage.locked_rows import unknown_run
from campaign_pipeline.storage.locked_run import EMPTY_CONTEXT, LockedRun
from campaign_pipeline.storage.portable_sql import checked, insert_into, storable_text, utc_now
from campaign_pipeline.storage.records import RunRecord
from campaign_pipeline.storage.states import RunStatus, RunStepStatus
from campaign_pipeline.storage.tables import RUN, RUN_STEP
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id
from campaign_pipeline.storage.worker import Worker


class RunLedger(TenantScope):
    """A tenant's runs."""

    def open_run(
        self,
        run_id: str,
        *,
        workflow_name: str,
        workflow_version: str,
        campaign_id: str,
        trigger: JsonObject,
        step_ids: Sequence[str],
        root_run_id: str,
        base_run_id: str | None = None,
        worker: Worker | None = None,
        created_at: datetime | None = None,
    ) -> RunRecord:
        """Record a queued run with its pending steps, unless it is there: then it stays as it is.

        Args:
            worker: The process that works on it; None where none does, as of a run that ended before any step.
            step_ids: The steps that it was asked to run, and no others.
            root_run_id: The first run of a chain of re-executions; the run itself if it is none.
            created_at: None is now.

        Raises:
            CampaignError: VALIDATION_ERROR for an id that is no UUID, an unknown step, no step, or a run of another
                tenant.
        """
        found = self.run(run_id)
        if found is not None:
            return found
        steps = [_known_step(step_id) for step_id in dict.fromkeys(step_ids)]
        if not steps:
            raise CampaignError(
                ErrorCode.VALIDATION_ERROR, "step_ids: nothing found; at least one step is expected"
            )
        run_id = canonical_id(run_id, name="run_id")
        values: JsonObject = {
            "id": run_id,
            "tenant_id": self.tenant_id,
            "campaign_id": campaign_id,
            "workflow_name": workflow_name,
            "workflow_version": workflow_version,
            "trigger": trigger,
            "context": EMPTY_CONTEXT,
            "root_run_id": canonical_id(root_run_id, name="root_run_id"),
            "base_run_id": None if base_run_id is None else canonical_id(base_run_id, name="base_run_id"),
            "heartbeat_at": utc_now(),
            **worker_columns(worker),
            **({} if created_at is None else {"created_at": created_at}),
        }
        with self._write() as connection:
            if values["base_run_id"] is not None or values["root_run_id"] != run_id:
                open_behind_removals(connection)
            # Another worker of the run may come at the same moment: one of them makes the rows.
            insert_run = insert_into(connection, RUN).values(values).on_conflict_do_nothing()
            made = connection.execute(insert_run.returning(RUN)).mappings().one_or_none()
            if made is None:
                return self._get(connection, run_id)
            run = RunRecord.of(made)
            connection.execute(insert(RUN_STEP), [_pending(step, run=run) for step in steps])
            return run

    def freeze_trigger(
        self, run_id: str, trigger: JsonObject, *, expected: Mapping[str, JsonObject] | None = None
    ) -> RunRecord:
        """Hold a run to its resolved trigger: the first that comes stays, and every caller gets that one.

        Args:
            expected: What is expected of its steps, by step; it enters their diagnostics with the trigger.

        Raises:
            CampaignError: VALIDATION_ERROR when the tenant has no such run.
        """
        run_id = canonical_id(run_id, name="run_id")
        freeze = (
            update(RUN)
            .where(RUN.c.id == run_id, RUN.c.tenant_id == self.tenant_id, RUN.c.trigger_frozen_at.is_(None))
            .values(trigger=trigger, trigger_frozen_at=utc_now())
            .returning(RUN)
        )
        with self._write() as connection:
            frozen = connection.execute(freeze).mappings().one_or_none()
            if frozen is None:
                return self._get(connection, run_id)
            if expected:
                told = [{"of": step_id, "told": {"expected": words}} for step_id, words in expected.items()]
                connection.execute(_tell_steps(run_id), told)
            return RunRecord.of(frozen)

    def refuse_run(self, run_id: str, error: str) -> RunRecord:
        """Record what stops a build before a hash can be taken: pending steps are skipped, and the run fails.

        Where a step runs already, the run ends when that one does.

        Raises:
            CampaignError: VALIDATION_ERROR when the tenant has no such run.
        """
        with self._write() as connection:
            locked = LockedRun.take(connection, tenant_id=self.tenant_id, run_id=run_id)
            locked.begin()
            for step in locked.steps:
                if step.status is RunStepStatus.PENDING:
                    locked.conclude(step.step_id, RunStepStatus.SKIPPED, error=storable_text(error))
            locked.end_if_done()
            locked.save()
            return locked.run

    def run(self, run_id: str) -> RunRecord | None:
        """Read one run."""
        row = self._row(self._runs().where(RUN.c.id == canonical_id(run_id, name="run_id")))
        return None if row is None else RunRecord.of(row)

    def newest_run(self, campaign_id: str) -> RunRecord | None:
        """Read a campaign's newest run, however it ended."""
        return self._newest(self._runs().where(RUN.c.campaign_id == campaign_id))

    def newest_completed_run(self, campaign_id: str) -> RunRecord | None:
        """Read the newest of a campaign's runs that completed."""
        completed = RUN.c.status == RunStatus.COMPLETED
        return self._newest(self._runs().where(RUN.c.campaign_id == campaign_id, completed))

    def _newest(self, runs: Select[Any]) -> RunRecord | None:
        row = self._row(runs.order_by(RUN.c.created_at.desc()).limit(1))
        return None if row is None else RunRecord.of(row)

    def first_built_at(self, campaign_id: str) -> datetime | None:
        """Tell when the first run that came to a campaign's manifest was created; None before there is one."""
        # In the order of their creation, so that the first that has one is the last that is looked at.
        has_manifest = exists().where(
            RUN_STEP.c.run_id == RUN.c.id,
            checked(RUN_STEP.c.tenant_id) == self.tenant_id,
            RUN_STEP.c.step_id == STEPS[-1].step_id,
            or_(RUN_STEP.c.status == RunStepStatus.COMPLETED, RUN_STEP.c.cache_hit),
        )
        of_campaign = (RUN.c.tenant_id == self.tenant_id, RUN.c.campaign_id == campaign_id)
        first = select(RUN.c.created_at).where(*of_campaign, has_manifest).order_by(RUN.c.created_at).limit(1)
        with self._read() as connection:
            found: datetime | None = connection.scalar(first)
            return found

    def _runs(self) -> Select[Any]:
        return select(RUN).where(RUN.c.tenant_id == self.tenant_id)

    def _get(self, connection: Connection, run_id: str) -> RunRecord:
        row = connection.execute(self._runs().where(RUN.c.id == run_id)).mappings().one_or_none()
        if row is None:
            raise unknown_run(run_id, tenant_id=self.tenant_id)
        return RunRecord.of(row)


def _tell_steps(run_id: str) -> Update:
    """Write diagnostics of steps that have none yet: before the trigger is frozen none can have begun."""
    of_step = (RUN_STEP.c.run_id == run_id, RUN_STEP.c.step_id == bindparam("of"))
    return update(RUN_STEP).where(*of_step).values(diagnostics=bindparam("told"))


def _pending(step: Step, *, run: RunRecord) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "run_id": run.id,
        "tenant_id": run.tenant_id,
        "campaign_id": run.campaign_id,
        "step_id": step.step_id,
        "skill_id": step.skill_id,
    }


def _known_step(step_id: str) -> Step:
    if step_id not in STEP_BY_ID:
        message = f"step_id: {step_id!r} found; one of {', '.join(STEP_BY_ID)} is expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    return STEP_BY_ID[step_id]
