"""A campaign build that was opened: it knows its trigger and runs its steps.

Belongs here: the order of effects around a skill: hash, ask the cache, start, produce, store.
Does not belong here: what skills are called with (building.calls), how a run is opened and its outcomes published
(building.builder), and Dagster.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from time import perf_counter

from campaign_pipeline.building.analysis import step_diagnostics
from campaign_pipeline.building.answer_book import KeptAnswers
from campaign_pipeline.building.calls import Product, StepCall, Surroundings
from campaign_pipeline.building.claims import Claims
from campaign_pipeline.building.reuse import CacheAnswer, Reuse
from campaign_pipeline.building.trigger import Trigger
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.digest import ContentHash, JsonObject, canonical_hash
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


@dataclass(frozen=True, kw_only=True)
class _Made:
    """What a step came to, and the lease that is still held for what waits to be published."""

    artifact: ArtifactRecord | NewArtifact
    reason: str | None = None
    lease: Lease | None = None
    diagnostics: JsonObject = field(default_factory=dict)


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
    ) -> None:
        self._settings = settings
        self._store = store
        self._ledger = ledger
        self.run = run
        self.trigger = trigger
        self._claims = Claims(ledger, run_id=run.id)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What the calls of this run's skills may know."""
        return Surroundings(
            trigger=self.trigger,
            settings=self._settings,
            store=self._store,
            first_built_at=self._first_built_at,
            built_at=self._built_at,
            answers=self._answers,
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
            mode=self.trigger.cache,
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
            claims=self._claims,
            root_run_id=self.run.root_run_id,
            only_own=self.trigger.cache is not CacheMode.USE,
            lifetime=self._settings.answer_lifetime,
        )

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
        made = _Made(artifact=answer.artifact) if answer.artifact else self._make(call, attempt=attempt)
        ended = perf_counter()
        reason = made.reason or answer.reason
        return StepOutcome(
            run_id=self.run.id,
            tenant_id=self.trigger.tenant_id,
            campaign_id=self.trigger.campaign_id,
            step_id=call.step.step_id,
            input_hash=call.input_hash,
            reason=reason,
            elapsed_s=ended - began,
            artifact=made.artifact,
            cache=self.reuse.entry(call),
            lease=made.lease,
            diagnostics={
                **step_diagnostics(made.artifact, reason=reason, saved_ms=answer.saved_ms),
                **self._expected_of(call.step.step_id),
                "read": call.read,
                "timings": {"lookup_ms": _ms(asked - began), "produce_ms": _ms(ended - asked)},
                **made.diagnostics,
            },
        )

    def _ask(self, call: StepCall) -> CacheAnswer:
        try:
            return self.reuse.ask(call)
        except CampaignError:
            # A step's hash is written with what it comes to; one that fails before that was asked something too.
            self._ledger.hash_step(self.run.id, call.step.step_id, call.input_hash)
            raise

    def _make(self, call: StepCall, *, attempt: int) -> "_Made":
        """Make a call's product, alone of all who want it; or take what another made while this one waited."""

        def wait_for(run_id: str) -> None:
            waited = {"waited_for_run": run_id}
            self._ledger.hash_step(self.run.id, call.step.step_id, call.input_hash, diagnostics=waited)

        step_id = call.step.step_id
        lease = self._claims.claim(self._lease_key(call), subject=step_id, on_wait=wait_for)
        try:
            # Whoever held the lease before may have published since the cache was asked.
            answer = self._ask(call)
            if answer.artifact is not None:
                self._claims.give_back(lease)
                return _Made(artifact=answer.artifact, reason=answer.reason)
            self._ledger.start_step(self.run.id, step_id, input_hash=call.input_hash, attempt=attempt)
            return self._taken_over(lease) or self._produced(call, lease)
        except BaseException:
            # An interrupt too: nobody should have to wait until the lease expires.
            self._claims.give_back(lease)
            raise

    def _lease_key(self, call: StepCall) -> ContentHash:
        """Give what this run shares its work under: a run that takes no earlier results waits for nobody's."""
        key = self.reuse.key(call)
        if self.trigger.cache is CacheMode.USE:
            return key
        return canonical_hash({"cache_key": key, "root_run_id": self.run.root_run_id})

    def _taken_over(self, lease: Lease) -> "_Made | None":
        """Take what an earlier holder of the lease produced and could not publish, if its bytes hold."""
        if lease.result is None:
            return None
        artifact = NewArtifact.from_json(lease.result)
        if self.reuse.damage(artifact) is not None:
            self._ledger.drop_result(lease)
            return None
        made_by = lease.result["made_by_run"]
        if made_by == self.run.id:
            reason = "made by an earlier attempt at this step"
        else:
            reason = f"made by run {made_by}, which ended before it could record it"
        return _Made(artifact=artifact, lease=lease, reason=reason, diagnostics=lease.result["diagnostics"])

    def _produced(self, call: StepCall, lease: Lease) -> "_Made":
        usage = self._answers.count_for(call.step.step_id)
        try:
            artifact = self._put(call, call.produce())
        except Exception:
            if usage.to_json():
                # What was paid for is told even where nothing came of it.
                self._ledger.note_step(
                    self.run.id, call.step.step_id, diagnostics={"provider": usage.to_json()}
                )
            raise
        diagnostics = {"provider": usage.to_json()} if usage.to_json() else {}
        result = {**artifact.to_json(), "diagnostics": diagnostics, "made_by_run": self.run.id}
        self._ledger.keep_result(lease, result)
        return _Made(artifact=artifact, lease=lease, diagnostics=diagnostics)

    def _put(self, call: StepCall, product: Product) -> NewArtifact:
        """Store a product's bytes and what is attached to it; only then may a row name them."""
        attached = {name: self._store.put(data).content_hash for name, data in product.attachments.items()}
        blob = self._store.put(product.data)
        references = sorted({*product.references, *attached.values()})
        return NewArtifact(
            type=call.step.artifact_type,
            uri=self._store.uri(blob.content_hash),
            content_hash=blob.content_hash,
            size_bytes=blob.size_bytes,
            filename=product.filename,
            metadata={
                **product.describe(blob.content_hash),
                **({"attachments": attached} if attached else {}),
                "references": references,
            },
        )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
