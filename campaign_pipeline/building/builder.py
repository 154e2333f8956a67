"""Opening builds, publishing what their steps came to, and taking artifacts back.

Belongs here: the one object through which Dagster and the command line reach ledger and store.
Does not belong here: the order of effects inside a step (building.build), SQL (storage), and Dagster.
"""

from collections.abc import Callable
from functools import cached_property

from campaign_pipeline.building.analysis import Expectation
from campaign_pipeline.building.build import Build, StepOutcome
from campaign_pipeline.building.calls import StoredArtifact
from campaign_pipeline.building.claims import Claims
from campaign_pipeline.building.forecast import Forecast
from campaign_pipeline.building.order import RunOrder
from campaign_pipeline.building.presence import Presence
from campaign_pipeline.building.reconciler import Reconciler
from campaign_pipeline.building.resolver import TriggerResolver
from campaign_pipeline.building.run_history import NoHistory, RunHistory
from campaign_pipeline.building.trigger import Trigger
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import (
    ArtifactRecord,
    ArtifactStore,
    Ending,
    Ledger,
    RunEndedError,
    RunRecord,
    RunStatus,
    TenantLedger,
    artifact_store,
)
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.worker import Worker, this_worker

WORKFLOW_VERSION = "1.0.0"


class Builder:
    """Opens builds over one ledger and one artifact store, each reached when it is first needed.

    Args:
        history: The launcher's record of runs, which decides how a run ended that no step saw the end of.
    """

    def __init__(self, settings: Settings, *, history: RunHistory | None = None) -> None:
        self.settings = settings
        self._history = history or NoHistory()
        # One process works on one run at a time, step after step: its trigger is frozen, and need not be read again.
        self._build: Build | None = None
        self._presence: Presence | None = None
        # A step's result never changes: whoever recorded it need not read it again for the steps behind it.
        self._recorded: dict[tuple[str, str, str], ArtifactRecord] = {}

    @cached_property
    def ledger(self) -> Ledger:
        """The four tables."""
        return Ledger.open(self.settings.database_url)

    @cached_property
    def store(self) -> ArtifactStore:
        """The bytes."""
        place = LedgerAddress.parse(self.settings.database_url).place
        return artifact_store(self.settings.store_url, ledger=place)

    @property
    def reconciler(self) -> Reconciler:
        """What ends the runs that will not end by themselves."""
        return Reconciler(self.ledger, self._history)

    def close(self) -> None:
        """End this process's part of its run, and give back what was opened; one that did nothing opened nothing."""
        self._leave()
        if "ledger" in self.__dict__:
            self.ledger.close()

    def open(self, order: RunOrder, *, tell: Callable[[str], None] | None = None) -> Build:
        """Record the run and hold it to one trigger; the first step that comes does the work, the rest find it.

        Args:
            tell: Hears, a line a step, what is expected of a partial rebuild, as soon as that is known.

        Raises:
            CampaignError: Why the run cannot be built. It is then failed and its steps are skipped, in the same words;
                only what a retry can help leaves it open, and where the ledger cannot be reached there is no row.
        """
        if self._build is not None and self._build.run.id == order.run_id:
            return self._build
        self._turn_to(order.run_id)
        ledger = self.ledger.tenant(order.tenant_id)
        run = self._opened(ledger, order, worker=this_worker())
        if run.status in {RunStatus.FAILED, RunStatus.CANCELLED}:
            raise _ended(run)
        if self._presence is None:
            self._presence = Presence(ledger, run)
        if run.trigger.get("brief") is None:
            run = self._settle(ledger, order, run, tell=tell or _keep_quiet)
        self._build = Build(
            settings=self.settings,
            store=self.store,
            ledger=ledger,
            run=run,
            trigger=Trigger.model_validate(run.trigger),
            claims=self._presence.claims,
        )
        return self._build

    def _turn_to(self, run_id: str) -> None:
        """Leave the run before, and end what others left behind: whoever starts anything does that."""
        if self._presence is None or self._presence.run_id != run_id:
            self._leave()
            self.reconciler.try_to_reconcile(spared=[run_id])

    def _leave(self) -> None:
        """End this process's part of its run; where the run is over for its launcher too, it ends here."""
        presence, self._presence, self._build = self._presence, None, None
        self._recorded.clear()
        if presence is not None and presence.end():
            self.reconciler.try_to_settle(presence.run_id)

    def _opened(self, ledger: TenantLedger, order: RunOrder, *, worker: Worker | None = None) -> RunRecord:
        return ledger.open_run(
            order.run_id,
            workflow_name=order.workflow_name,
            workflow_version=WORKFLOW_VERSION,
            campaign_id=order.campaign_id,
            trigger=order.unresolved_trigger(),
            step_ids=order.step_ids,
            root_run_id=order.root_run_id or order.run_id,
            base_run_id=order.base_run_reference,
            worker=worker,
            created_at=order.created_at,
        )

    def _settle(
        self, ledger: TenantLedger, order: RunOrder, run: RunRecord, *, tell: Callable[[str], None]
    ) -> RunRecord:
        try:
            resolver = TriggerResolver(settings=self.settings, ledger=ledger, blobs=self.store)
            trigger = resolver.resolve(order)
            expected = self._expected(ledger, order, run, trigger) if trigger.is_partial_rebuild else ()
            told = {step.step_id: step.to_json() for step in expected}
            frozen = ledger.freeze_trigger(order.run_id, trigger.to_json(), expected=told)
        except CampaignError as error:
            if not error.retryable:
                ledger.refuse_run(order.run_id, str(error))
            raise
        for step in expected:
            tell(f"expected of {step.step_id}: {step.words}")
        return frozen

    def _expected(
        self, ledger: TenantLedger, order: RunOrder, run: RunRecord, trigger: Trigger
    ) -> tuple[Expectation, ...]:
        build = Build(settings=self.settings, store=self.store, ledger=ledger, run=run, trigger=trigger)

        def upstream(step_id: str) -> ArtifactRecord | None:
            of_parent = order.parent_run_id and ledger.step_artifact(order.parent_run_id, step_id)
            return of_parent or ledger.newest_artifact(order.campaign_id, step_id)

        forecast = Forecast(around=build.surroundings, reuse=build.reuse, upstream=upstream)
        return forecast.of(order.step_ids)

    def record_failure(self, order: RunOrder, *, step_id: str, error: str) -> None:
        """Record that a step has failed for good, wherever it was when it did."""
        ledger = self.ledger.tenant(order.tenant_id)
        run = self._opened(ledger, order)
        if run.trigger.get("brief") is None:
            # No step ever came to know what it is to do: the build was stopped, not one step of it.
            ledger.refuse_run(order.run_id, error)
        else:
            ledger.fail_step(order.run_id, step_id, error=error)

    def end(self, order: RunOrder, ending: Ending) -> None:
        """End a run at once, with whatever of it is under way; one that has ended stays as it is."""
        self._build = None
        self._opened(self.ledger.tenant(order.tenant_id), order)
        self.reconciler.end(order.run_id, ending)

    def end_open(self, ending: Ending) -> None:
        """End the run that this process works on, if there is one; nothing that goes wrong here stops who leaves."""
        if self._presence is not None:
            self.reconciler.try_to_end(self._presence.run_id, ending)

    def settle(self, order: RunOrder) -> bool:
        """End a run that is over for its launcher, and tell whether it was ended; without rows it gets them first."""
        self._opened(self.ledger.tenant(order.tenant_id), order)
        return self.reconciler.settle(order.run_id)

    def publish(self, outcome: StepOutcome) -> ArtifactRecord:
        """Write an outcome into the tables: artifact, reusable result, finished step and the run's context."""
        recorded = self._record(outcome)
        self._recorded[outcome.tenant_id, outcome.run_id, outcome.step_id] = recorded
        return recorded

    def _record(self, outcome: StepOutcome) -> ArtifactRecord:
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
        made = ledger.publish(
            outcome.run_id,
            outcome.step_id,
            artifact=outcome.artifact,
            cache=outcome.cache,
            duration_ms=round(outcome.elapsed_s * 1000),
            diagnostics=outcome.diagnostics,
            lease=outcome.lease,
        )
        if outcome.lease is not None:
            self._claims_of(outcome).was_ended(outcome.lease)
        return made

    def leave(self, outcome: StepOutcome) -> None:
        """Leave an outcome that could not be published to whoever comes next: a retry, or another run."""
        if outcome.lease is not None:
            self._claims_of(outcome).give_back(outcome.lease)

    def _claims_of(self, outcome: StepOutcome) -> Claims:
        presence = self._presence
        if presence is not None and presence.run_id == outcome.run_id:
            return presence.claims
        return Claims(self.ledger.tenant(outcome.tenant_id), run_id=outcome.run_id)

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
            recorded = self._recorded.get((tenant_id, run_id, step_id))
            record = recorded or ledger.step_artifact(run_id, step_id)
        if record is None:
            where = f"run {run_id}" if run_id else f"any run of {tenant_id}/{campaign_id}"
            message = f"{step_id}: no artifact in {where}; build the whole campaign first"
            raise CampaignError(ErrorCode.MISSING_ASSET, message)
        return StoredArtifact(record, self.store.read(record.content_hash))


def _keep_quiet(line: str) -> None:
    del line


def _ended(run: RunRecord) -> CampaignError:
    """Word that a run has ended before this process came to it: in the words with which it did."""
    try:
        return CampaignError.from_text(run.error or "")
    except ValueError:
        return RunEndedError(run)
