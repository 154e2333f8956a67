"""Plans: what a build of each campaign would reuse and what it would run, found out without doing any of it.

Belongs here: planning one order over ledger and store, of which neither is changed.
Does not belong here: the forecast itself (forecast), its words (analysis), or how plans are drawn (terminal).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from campaign_pipeline.building.access import access
from campaign_pipeline.building.analysis import Expectation
from campaign_pipeline.building.blobs import PlannedBlobs
from campaign_pipeline.building.calls import Surroundings
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.building.forecast import Forecast
from campaign_pipeline.building.order import CAMPAIGN_BUILD, RunOrder
from campaign_pipeline.building.resolver import TriggerResolver
from campaign_pipeline.building.reuse import Reuse
from campaign_pipeline.building.trigger import Trigger
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.providers.answers import NoAnswerBook
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import ArtifactStore, EmptyLedger, Ledger, TenantLedger, artifact_store

_STOPS_EVERY_PLAN = frozenset({ErrorCode.LEDGER_UNAVAILABLE, ErrorCode.STORE_UNAVAILABLE})


@dataclass(frozen=True, kw_only=True)
class CampaignPlan:
    """What a build of one campaign is expected to do; or why it would be refused."""

    key: str
    steps: tuple[Expectation, ...] = ()
    error: str | None = None

    @property
    def runs(self) -> list[str]:
        """The steps that are expected to run."""
        return [step.step_id for step in self.steps if not step.reuse]

    @property
    def lacks_a_setting(self) -> bool:
        """Whether a step that is expected to run cannot ask its provider."""
        return any(step.missing for step in self.steps)

    @property
    def saved_ms(self) -> int:
        """The time that reuse is expected to save; what is not known counts nothing."""
        return sum(step.saved_ms or 0 for step in self.steps if step.reuse)

    def to_json(self) -> JsonObject:
        """Give the shape that scripts read."""
        steps = [
            {
                "step_id": step.step_id,
                **step.to_json(),
                "input_hash": step.input_hash,
                "saved_ms": step.saved_ms,
            }
            for step in self.steps
        ]
        return {"campaign": self.key, "error": self.error, "steps": steps}


def order_of(
    campaign: CampaignKey,
    *,
    overrides: JsonObject | None = None,
    base_run_id: str | None = None,
    cache: str | None = None,
) -> RunOrder:
    """Word the order that a build of the whole campaign would be, under the id of a run that will never be."""
    return RunOrder(
        run_id=str(uuid4()),
        tenant_id=campaign.tenant_id,
        campaign_id=campaign.campaign_id,
        workflow_name=CAMPAIGN_BUILD,
        step_ids=tuple(step.step_id for step in STEPS),
        overrides=overrides or {},
        base_run_id=base_run_id,
        cache=cache,
        launched_by="plan",
    )


@contextmanager
def opened_planner(settings: Settings) -> Iterator["Planner"]:
    """Lend a planner over the environment's ledger and store; neither is made where it is not there.

    Raises:
        CampaignError: LEDGER_UNAVAILABLE, or VALIDATION_ERROR for a setting.
    """
    ledger = Ledger.open_made(settings.database_url)
    try:
        yield Planner(settings=settings, store=artifact_store(settings.store_url), ledger=ledger)
    finally:
        if ledger is not None:
            ledger.close()


class Planner:
    """Plans builds over one ledger and one store, neither of which it changes.

    Args:
        ledger: None where there is none yet: every build is then a first one.
    """

    def __init__(self, *, settings: Settings, store: ArtifactStore, ledger: Ledger | None) -> None:
        self.ledger = ledger
        self._settings = settings
        self._store = store
        self._blobs = PlannedBlobs(store)

    def plan(self, order: RunOrder) -> CampaignPlan:
        """Foresee what a run would come to if it were ordered now.

        Raises:
            CampaignError: LEDGER_UNAVAILABLE, STORE_UNAVAILABLE; what is wrong with this campaign stands in its plan.
        """
        try:
            return CampaignPlan(key=order.key, steps=self._foresee(order))
        except CampaignError as error:
            if error.code in _STOPS_EVERY_PLAN:
                raise
            return CampaignPlan(key=order.key, error=str(error))

    def _foresee(self, order: RunOrder) -> tuple[Expectation, ...]:
        ledger = EmptyLedger(order.tenant_id) if self.ledger is None else self.ledger.tenant(order.tenant_id)
        trigger = TriggerResolver(settings=self._settings, ledger=ledger, blobs=self._blobs).resolve(order)
        forecast = Forecast(
            around=self._surroundings(trigger),
            reuse=self._reuse(order, trigger, ledger),
            upstream=lambda step_id: ledger.newest_artifact(order.campaign_id, step_id),
        )
        return forecast.of(order.step_ids)

    def _reuse(self, order: RunOrder, trigger: Trigger, ledger: TenantLedger) -> Reuse:
        return Reuse(
            settings=self._settings,
            blobs=self._blobs,
            ledger=ledger,
            campaign_id=order.campaign_id,
            root_run_id=order.root_run_id or order.run_id,
            cache=trigger.cache,
            compared_run_id=trigger.base_run_id,
        )

    def _surroundings(self, trigger: Trigger) -> Surroundings:
        now = datetime.now(UTC)
        return Surroundings(
            trigger=trigger,
            settings=self._settings,
            store=self._store,
            first_built_at=lambda: now,
            built_at=now,
            access=access(self._settings, NoAnswerBook()),
        )
