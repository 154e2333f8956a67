"""A campaign build that was opened: it knows its trigger and runs its steps.

Belongs here: the order of effects around a skill: hash, ask the cache, start, produce, store.
Does not belong here: what skills are called with (building.calls), how a run is opened and its outcomes published
(building.builder), and Dagster.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from time import perf_counter

from campaign_pipeline.building.calls import Product, StepCall, Surroundings
from campaign_pipeline.building.reuse import Reuse
from campaign_pipeline.building.trigger import Trigger
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import (
    ArtifactRecord,
    ArtifactStore,
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
    ) -> None:
        self._settings = settings
        self._store = store
        self._ledger = ledger
        self.run = run
        self.trigger = trigger

    @cached_property
    def surroundings(self) -> Surroundings:
        """What the calls of this run's skills may know."""
        return Surroundings(
            trigger=self.trigger,
            settings=self._settings,
            store=self._store,
            first_built_at=self._first_built_at,
            built_at=self._built_at,
        )

    @property
    def _built_at(self) -> datetime:
        return self.run.created_at.astimezone(UTC)

    @cached_property
    def reuse(self) -> Reuse:
        """Earlier results, as this run may take them."""
        return Reuse(
            settings=self._settings,
            store=self._store,
            ledger=self._ledger,
            campaign_id=self.trigger.campaign_id,
            root_run_id=self.run.root_run_id,
            mode=self.trigger.cache,
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
        step_id, input_hash = call.step.step_id, call.input_hash
        try:
            answer = self.reuse.ask(call)
        except CampaignError:
            # A step's hash is written with what it comes to; one that fails before that was asked something too.
            self._ledger.hash_step(self.run.id, step_id, input_hash)
            raise
        asked = perf_counter()
        artifact: ArtifactRecord | NewArtifact
        if answer.artifact is not None:
            artifact = answer.artifact
        else:
            self._ledger.start_step(self.run.id, step_id, input_hash=input_hash, attempt=attempt)
            artifact = self._put(call, call.produce())
        ended = perf_counter()
        return StepOutcome(
            run_id=self.run.id,
            tenant_id=self.trigger.tenant_id,
            campaign_id=self.trigger.campaign_id,
            step_id=step_id,
            input_hash=input_hash,
            reason=answer.reason,
            elapsed_s=ended - began,
            artifact=artifact,
            cache=self.reuse.entry(call),
            diagnostics={
                "cache": {"hit": answer.artifact is not None, "reason": answer.reason},
                "read": call.read,
                "timings": {"lookup_ms": _ms(asked - began), "produce_ms": _ms(ended - asked)},
            },
        )

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
