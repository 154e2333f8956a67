"""Steps: from pending to what they came to.

Belongs here: what a tenant's ledger writes when a step hashes, starts, hits or fails.
Does not belong here: writing a new result (publishing), what follows for the run (locked_run), reading (lookups).
"""

from collections.abc import Sequence

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.storage.hashing import require_hash
from campaign_pipeline.storage.locked_run import LockedRun
from campaign_pipeline.storage.portable_sql import storable_text
from campaign_pipeline.storage.records import StepRecord
from campaign_pipeline.storage.states import ACTIVE_STEP, RunStepStatus
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id


class StepLedger(TenantScope):
    """A tenant's steps, on their way."""

    def hash_step(
        self, run_id: str, step_id: str, input_hash: ContentHash, *, diagnostics: JsonObject | None = None
    ) -> None:
        """Record what a pending step was asked, in the step and in the run's context; its run is running from now on.

        For a step that stays pending for a while: one that starts or hits at once records its hash with that. A
        retry, which comes with the same hash, changes nothing.

        Raises:
            CampaignError: INVALID_HASH; VALIDATION_ERROR when there is no such step, or it is past hashing and was
                asked something else.
        """
        require_hash(input_hash, name="input_hash")
        with self._write() as connection:
            locked = LockedRun.take(connection, tenant_id=self.tenant_id, run_id=run_id)
            locked.ask(step_id, input_hash)
            if diagnostics:
                locked.note(step_id, diagnostics)
            locked.save()

    def note_step(self, run_id: str, step_id: str, *, diagnostics: JsonObject) -> None:
        """Add to what is told of a step, whatever becomes of it.

        Raises:
            CampaignError: VALIDATION_ERROR when there is no such step.
        """
        with self._write() as connection:
            locked = LockedRun.take(connection, tenant_id=self.tenant_id, run_id=run_id)
            locked.note(step_id, diagnostics)
            locked.save()

    def start_step(self, run_id: str, step_id: str, *, input_hash: ContentHash, attempt: int) -> StepRecord:
        """Record what a step was asked, and that it begins to produce; on a retry only its attempt rises.

        A step that has completed stays so: a retry may come after publication.

        Args:
            attempt: 1 for the first try.

        Raises:
            CampaignError: INVALID_HASH; VALIDATION_ERROR when there is no such step, it was asked something else
                before, or it failed or was skipped.
        """
        require_hash(input_hash, name="input_hash")
        with self._write() as connection:
            locked = LockedRun.take(connection, tenant_id=self.tenant_id, run_id=run_id)
            locked.ask(step_id, input_hash)
            step = locked.step(step_id)
            if step.status is not RunStepStatus.COMPLETED:
                locked.change_step(
                    step_id,
                    status=RunStepStatus.RUNNING,
                    started_at=step.started_at or locked.now,
                    attempt=max(step.attempt, attempt),
                )
            locked.save()
            return locked.step(step_id)

    def record_hit(
        self,
        run_id: str,
        step_id: str,
        *,
        input_hash: ContentHash,
        artifacts: Sequence[str],
        diagnostics: JsonObject | None = None,
    ) -> StepRecord:
        """Record what a step was asked, and that an earlier result is reused: it is skipped, and may end the run.

        A step that was running already (a retry, while another run made the result) completes with it. One that is
        past that stays as it is.

        Args:
            artifacts: Ids of the earlier result's artifacts, of this tenant.

        Raises:
            CampaignError: INVALID_HASH; VALIDATION_ERROR when there is no such step or artifact, the step was asked
                something else before, or it failed.
        """
        require_hash(input_hash, name="input_hash")
        ids = [canonical_id(artifact_id, name="artifacts") for artifact_id in artifacts]
        with self._write() as connection:
            locked = LockedRun.take(connection, tenant_id=self.tenant_id, run_id=run_id, artifact_ids=ids)
            locked.ask(step_id, input_hash)
            step = locked.step(step_id)
            if not step.output_artifact_ids:
                _check_artifacts(locked, ids)
                begun = step.status is RunStepStatus.RUNNING
                status = RunStepStatus.COMPLETED if begun else RunStepStatus.SKIPPED
                locked.keep(step_id, locked.artifacts)
                locked.conclude(step_id, status, cache_hit=True, diagnostics=diagnostics)
                locked.end_if_done()
            locked.save()
            return locked.step(step_id)

    def fail_step(
        self, run_id: str, step_id: str, *, error: str, diagnostics: JsonObject | None = None
    ) -> StepRecord:
        """Record that a step will not come to a result; what waits for it is skipped, and the run may end.

        A step that had not begun to produce is skipped with the error. One that has ended stays as it is, but what
        waits for it is skipped all the same: whoever reports the failure will not run it.

        Raises:
            CampaignError: VALIDATION_ERROR when there is no such step.
        """
        words = storable_text(error)
        with self._write() as connection:
            locked = LockedRun.take(connection, tenant_id=self.tenant_id, run_id=run_id)
            if locked.step(step_id).status in ACTIVE_STEP:
                locked.begin()
                locked.fail(step_id, error=words, diagnostics=diagnostics)
            locked.skip_behind(step_id, error=words)
            locked.end_if_done()
            locked.save()
            return locked.step(step_id)


def _check_artifacts(locked: LockedRun, ids: Sequence[str]) -> None:
    if not ids or len(locked.artifacts) != len(set(ids)):
        found = ", ".join(ids) or "nothing"
        message = f"artifacts: {found} found; artifacts of tenant {locked.run.tenant_id} are expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
