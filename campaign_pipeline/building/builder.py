"""Opening builds, publishing what their steps came to, and taking artifacts back.

Belongs here: the one object through which Dagster and the command line reach ledger and store.
Does not belong here: the order of effects inside a step (building.build), SQL (storage), and Dagster.
"""

from functools import cached_property

from campaign_pipeline.building.build import Build, StepOutcome
from campaign_pipeline.building.calls import StoredArtifact
from campaign_pipeline.building.claims import Claims
from campaign_pipeline.building.order import RunOrder
from campaign_pipeline.building.resolver import TriggerResolver
from campaign_pipeline.building.trigger import Trigger
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import (
    ArtifactRecord,
    ArtifactStore,
    Ledger,
    RunRecord,
    TenantLedger,
    artifact_store,
)

WORKFLOW_VERSION = "1.0.0"


class Builder:
    """Opens builds over one ledger and one artifact store, each reached when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # One process works on one run at a time, step after step: its trigger is frozen, and need not be read again.
        self._build: Build | None = None

    @cached_property
    def ledger(self) -> Ledger:
        """The four tables."""
        return Ledger.open(self.settings.database_url)

    @cached_property
    def store(self) -> ArtifactStore:
        """The bytes."""
        return artifact_store(self.settings.store_url)

    def close(self) -> None:
        """Give back what was opened; a builder that did nothing opened nothing."""
        if "ledger" in self.__dict__:
            self.ledger.close()

    def open(self, order: RunOrder) -> Build:
        """Record the run and hold it to one trigger; the first step that comes does the work, the rest find it.

        Raises:
            CampaignError: Why the run cannot be built. The run is then failed and its steps are skipped, in the same
                words; only where the ledger itself cannot be reached there is no row.
        """
        if self._build is not None and self._build.run.id == order.run_id:
            return self._build
        ledger = self.ledger.tenant(order.tenant_id)
        run = self._opened(ledger, order)
        if run.trigger.get("brief") is None:
            if run.error is not None:
                raise CampaignError.from_text(run.error)
            run = self._settle(ledger, order)
        self._build = Build(
            settings=self.settings,
            store=self.store,
            ledger=ledger,
            run=run,
            trigger=Trigger.model_validate(run.trigger),
        )
        return self._build

    def _opened(self, ledger: TenantLedger, order: RunOrder) -> RunRecord:
        return ledger.open_run(
            order.run_id,
            workflow_name=order.workflow_name,
            workflow_version=WORKFLOW_VERSION,
            campaign_id=order.campaign_id,
            trigger=order.unresolved_trigger(),
            step_ids=order.step_ids,
            root_run_id=order.root_run_id or order.run_id,
            base_run_id=order.base_run_reference,
        )

    def _settle(self, ledger: TenantLedger, order: RunOrder) -> RunRecord:
        try:
            resolver = TriggerResolver(settings=self.settings, ledger=ledger, store=self.store)
            return ledger.freeze_trigger(order.run_id, resolver.resolve(order).to_json())
        except CampaignError as error:
            ledger.refuse_run(order.run_id, str(error))
            raise

    def record_failure(self, order: RunOrder, *, step_id: str, error: str) -> None:
        """Record that a step has failed for good, wherever it was when it did."""
        ledger = self.ledger.tenant(order.tenant_id)
        self._opened(ledger, order)
        ledger.fail_step(order.run_id, step_id, error=error)

    def publish(self, outcome: StepOutcome) -> ArtifactRecord:
        """Write an outcome into the tables: artifact, reusable result, finished step and the run's context."""
        ledger = self.ledger.tenant(outcome.tenant_id)
        if isinstance(outcome.artifact, ArtifactRecord):
            ledger.record_hit(
                outcome.run_id,
                outcome.step_id,
                input_hash=outcome.input_hash,
                artifacts=[outcome.artifact.id],
                diagnostics=outcome.diagnostics,
            )
            return outcome.artifact
        return ledger.publish(
            outcome.run_id,
            outcome.step_id,
            artifact=outcome.artifact,
            cache=outcome.cache,
            duration_ms=round(outcome.elapsed_s * 1000),
            diagnostics=outcome.diagnostics,
            lease=outcome.lease,
        )

    def leave(self, outcome: StepOutcome) -> None:
        """Leave an outcome that could not be published to whoever comes next: a retry, or another run."""
        if outcome.lease is not None:
            Claims(self.ledger.tenant(outcome.tenant_id), run_id=outcome.run_id).give_back(outcome.lease)

    def load(self, *, tenant_id: str, campaign_id: str, step_id: str, run_id: str | None) -> StoredArtifact:
        """Take a step's artifact from the run that made or reused it.

        Args:
            run_id: That run; None takes the campaign's newest, for an input that no step of the run makes.

        Raises:
            CampaignError: MISSING_ASSET when there is none, ARTIFACT_CORRUPT when its bytes no longer hold.
        """
        ledger = self.ledger.tenant(tenant_id)
        if run_id is None:
            record = ledger.newest_artifact(campaign_id, step_id)
        else:
            record = ledger.step_artifact(run_id, step_id)
        if record is None:
            where = f"run {run_id}" if run_id else f"any run of {tenant_id}/{campaign_id}"
            message = f"{step_id}: no artifact in {where}; build the whole campaign first"
            raise CampaignError(ErrorCode.MISSING_ASSET, message)
        return StoredArtifact(record, self.store.read(record.content_hash))
