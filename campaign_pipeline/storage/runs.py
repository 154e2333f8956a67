"""Runs: how they are opened, held to one trigger, refused, and found again.

Belongs here: what a tenant's ledger does with whole runs.
Does not belong here: what becomes of a single step (steps).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.steps import Step
from campaign_pipeline.storage.locked_run import EMPTY_CONTEXT, LockedRun, require_step, unknown_run
from campaign_pipeline.storage.portable_sql import insert_into, storable_text, utc_now
from campaign_pipeline.storage.records import RunRecord
from campaign_pipeline.storage.states import RunStatus, RunStepStatus
from campaign_pipeline.storage.tables import Run, RunStep
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id


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
    ) -> RunRecord:
        """Record a queued run with its pending steps, unless it is there: then it stays as it is.

        Args:
            step_ids: The steps that it was asked to run, and no others.
            root_run_id: The first run of a chain of re-executions; the run itself if it is none.

        Raises:
            CampaignError: VALIDATION_ERROR for an id that is no UUID, an unknown step, no step, or a run of another
                tenant.
        """
        found = self.run(run_id)
        if found is not None:
            return found
        steps = [require_step(step_id) for step_id in dict.fromkeys(step_ids)]
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
            "status": RunStatus.QUEUED,
            "trigger": trigger,
            "context": EMPTY_CONTEXT,
            "root_run_id": canonical_id(root_run_id, name="root_run_id"),
            "base_run_id": None if base_run_id is None else canonical_id(base_run_id, name="base_run_id"),
        }
        with self._write() as session:
            # Another worker of the run may come at the same moment: one of them makes the rows.
            made = session.scalar(
                insert_into(session, Run).values(values).on_conflict_do_nothing().returning(Run.id)
            )
            if made is not None:
                session.add_all(_pending(step, run=values) for step in steps)
            return RunRecord.of(self._get(session, run_id))

    def freeze_trigger(self, run_id: str, trigger: JsonObject) -> RunRecord:
        """Hold a run to its resolved trigger: the first that comes stays, and every caller gets that one.

        Raises:
            CampaignError: VALIDATION_ERROR when the tenant has no such run.
        """
        run_id = canonical_id(run_id, name="run_id")
        with self._write() as session:
            session.execute(
                update(Run)
                .where(Run.id == run_id, Run.tenant_id == self.tenant_id, Run.trigger_frozen_at.is_(None))
                .values(trigger=trigger, trigger_frozen_at=utc_now())
            )
            return RunRecord.of(self._get(session, run_id))

    def refuse_run(self, run_id: str, error: str) -> RunRecord:
        """Record what stops a build before a hash can be taken: pending steps are skipped, and the run fails.

        Where a step runs already, the run ends when that one does.

        Raises:
            CampaignError: VALIDATION_ERROR when the tenant has no such run.
        """
        with self._write() as session:
            locked = LockedRun.take(session, tenant_id=self.tenant_id, run_id=run_id)
            locked.begin()
            for step in locked.steps:
                if step.status is RunStepStatus.PENDING:
                    locked.conclude(step, RunStepStatus.SKIPPED, error=storable_text(error))
            locked.end_if_done()
            session.flush()
            return RunRecord.of(locked.run)

    def run(self, run_id: str) -> RunRecord | None:
        """Read one run."""
        run_id = canonical_id(run_id, name="run_id")
        with self._read() as session:
            row = session.scalar(select(Run).where(Run.id == run_id, Run.tenant_id == self.tenant_id))
            return None if row is None else RunRecord.of(row)

    def newest_run(self, campaign_id: str) -> RunRecord | None:
        """Read a campaign's newest run, however it ended."""
        mine = (Run.tenant_id == self.tenant_id, Run.campaign_id == campaign_id)
        with self._read() as session:
            row = session.scalar(select(Run).where(*mine).order_by(Run.created_at.desc()).limit(1))
            return None if row is None else RunRecord.of(row)

    def first_built_at(self, campaign_id: str) -> datetime | None:
        """Tell when the first run of a campaign that completed was created; None before there is one."""
        mine = (Run.tenant_id == self.tenant_id, Run.campaign_id == campaign_id)
        with self._read() as session:
            return session.scalar(
                select(func.min(Run.created_at)).where(*mine, Run.status == RunStatus.COMPLETED)
            )

    def _get(self, session: Session, run_id: str) -> Run:
        row = session.scalar(select(Run).where(Run.id == run_id, Run.tenant_id == self.tenant_id))
        if row is None:
            raise unknown_run(run_id, tenant_id=self.tenant_id)
        return row


def _pending(step: Step, *, run: JsonObject) -> RunStep:
    return RunStep(
        id=str(uuid4()),
        run_id=run["id"],
        tenant_id=run["tenant_id"],
        campaign_id=run["campaign_id"],
        step_id=step.step_id,
        skill_id=step.skill_id,
        status=RunStepStatus.PENDING,
    )
