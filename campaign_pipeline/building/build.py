"""A campaign build that was opened: it knows its trigger and runs its steps.

Belongs here: reuse or make, and what is told of a step.
Does not belong here: what skills are called with (building.calls), making (building.production), how a run is opened
and its outcomes published (building.builder), and Dagster.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from time import perf_counter

from campaign_pipeline.building.access import access
from campaign_pipeline.building.analysis import step_diagnostics
from campaign_pipeline.building.answer_book import KeptAnswers
from campaign_pipeline.building.budget import Budget
from campaign_pipeline.building.calls import StepCall, Surroundings
from campaign_pipeline.building.claims import Claims
from campaign_pipeline.building.production import Made, Production
from campaign_pipeline.building.reuse import CacheAnswer, Reuse
from campaign_pipeline.building.substitution import Substitution, first_that_answers
from campaign_pipeline.building.trigger import Trigger
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.settings import CacheMode, Settings
from campaign_pipeline.storage import (
    ArtifactRecord,
    ArtifactStore,
    Lease,
    NewArtifact,
    NewCacheEntry,
    RunRecord,
    TenantLedger,
)


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """What a step came to: an earlier artifact that still holds, or a new one that waits to be published."""

    run_id: str
    tenant_id: str
    campaign_id: str
    step_id: str
    input_hash: str
    reason: str
    elapsed_s: float
    artifact: ArtifactRecord | NewArtifact
    cache: NewCacheEntry | None = None
    lease: Lease | None = None
    diagnostics: JsonObject = field(default_factory=dict)

    @property
    def cache_hit(self) -> bool:
        """Whether an earlier result is reused."""
        return isinstance(self.artifact, ArtifactRecord)


class Build:
    """One run of one campaign, held to its frozen trigger."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: ArtifactStore,
        ledger: TenantLedger,
        run: RunRecord,
        trigger: Trigger,
        claims: Claims | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._ledger = ledger
        self.run = run
        self.trigger = trigger
        self.claims = claims or Claims(ledger, run_id=run.id)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What the calls of this run's skills may know."""
        return Surroundings(
            trigger=self.trigger,
            settings=self._settings,
            store=self._store,
            first_built_at=self._first_built_at,
            built_at=self._built_at,
            access=access(self._settings, self._answers),
        )

    @property
    def _built_at(self) -> datetime:
        return self.run.created_at.astimezone(UTC)

    @cached_property
    def reuse(self) -> Reuse:
        """Earlier results, as this run may take them."""
        return Reuse(
            settings=self._settings,
            blobs=self._store,
            ledger=self._ledger,
            campaign_id=self.trigger.campaign_id,
            root_run_id=self.run.root_run_id,
            cache=self.trigger.cache,
            compared_run_id=self._compared_run_id,
        )

    @property
    def _compared_run_id(self) -> str | None:
        """The run that a miss is explained by: the base run, or the first of the runs that this one executes again."""
        again = self.run.root_run_id != self.run.id
        return self.trigger.base_run_id or (self.run.root_run_id if again else None)

    @cached_property
    def _expected(self) -> dict[str, JsonObject]:
        """What was expected of the steps when the run was opened; only a partial rebuild pays for looking it up."""
        steps = self._ledger.steps(self.run.id) if self.trigger.is_partial_rebuild else []
        told = {step.step_id: step.diagnostics.get("expected") for step in steps}
        return {step_id: expected for step_id, expected in told.items() if expected}

    def _expected_of(self, step_id: str) -> JsonObject:
        return {"expected": self._expected[step_id]} if step_id in self._expected else {}

    @cached_property
    def _answers(self) -> KeptAnswers:
        return KeptAnswers(
            ledger=self._ledger,
            store=self._store,
            claims=self.claims,
            root_run_id=self.run.root_run_id,
            since=self._since,
            lifetime=self._settings.answer_lifetime,
            budget=Budget(
                ledger=self._ledger,
                claims=self.claims,
                root_run_id=self.run.root_run_id,
                max_cost_usd=self._settings.max_cost_usd,
            ),
        )

    def _since(self, step_id: str) -> datetime | None:
        """Say when a step's answers must have been given at the earliest; None where any will do."""
        return None if self.trigger.cache.of(step_id) is CacheMode.USE else self._began_at

    @cached_property
    def _began_at(self) -> datetime:
        """When the first of this run's chain of re-executions was created."""
        root = self.run if self.run.root_run_id == self.run.id else self._ledger.run(self.run.root_run_id)
        return (root or self.run).created_at

    def _first_built_at(self) -> datetime:
        return self._ledger.first_built_at(self.trigger.campaign_id) or self._built_at

    def run_step(self, call: StepCall, *, attempt: int) -> StepOutcome:
        """Reuse an equal invocation's result, or make it and put its bytes into the store.

        Args:
            attempt: 1 for the first try of this step in this run.

        Raises:
            CampaignError: Why the skill could not make its product, or the store not keep it.
        """
        began = perf_counter()
        answer = self._ask(call)
        asked = perf_counter()
        if answer.artifact is not None:
            found = Substitution(made=Made(artifact=answer.artifact, saved_ms=answer.saved_ms), call=call)
        else:
            found = first_that_answers(call, partial(self._make, attempt=attempt))
        made = found.made
        reason = made.reason or answer.reason
        entry = self.reuse.entry(found.call)
        return StepOutcome(
            run_id=self.run.id,
            tenant_id=self.trigger.tenant_id,
            campaign_id=self.trigger.campaign_id,
            step_id=call.step.step_id,
            input_hash=call.input_hash,
            reason=reason,
            elapsed_s=made.made_in_s if made.lease else perf_counter() - began,
            artifact=made.artifact,
            cache=entry and replace(entry, made_at=made.made_at),
            lease=made.lease,
            diagnostics={
                **step_diagnostics(made.artifact, reason=reason, saved_ms=made.saved_ms),
                **self._expected_of(call.step.step_id),
                "read": call.read,
                "timings": {"lookup_ms": _ms(asked - began), "produce_ms": _ms(made.made_in_s)},
                **made.diagnostics,
                **found.diagnostics,
            },
        )

    def _make(self, call: StepCall, *, attempt: int) -> Made:
        """Make a call's product; where it stands in for another, an earlier result of its own will do."""
        if call.asked_hash is not None:
            earlier = self._ask(call)
            if earlier.artifact is not None:
                return Made(artifact=earlier.artifact, reason=earlier.reason, saved_ms=earlier.saved_ms)
        return self._production.make(call, attempt=attempt)

    def _ask(self, call: StepCall) -> CacheAnswer:
        try:
            return self.reuse.ask(call)
        except CampaignError:
            # A step's hash is written with what it comes to; one that fails before that was asked something too.
            self._ledger.hash_step(self.run.id, call.step.step_id, call.step_hash)
            raise

    @cached_property
    def _production(self) -> Production:
        return Production(
            run=self.run,
            store=self._store,
            ledger=self._ledger,
            reuse=self.reuse,
            claims=self.claims,
            answers=self._answers,
        )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
