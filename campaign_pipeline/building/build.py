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
from campaign_pipeline.building.reasons import why_inputs_missed
from campaign_pipeline.building.trigger import Trigger
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.digest import JsonObject
from campaign_pipeline.settings import CacheMode, Settings
from campaign_pipeline.storage import (
    ArtifactRecord,
    ArtifactStore,
    NewArtifact,
    NewCacheEntry,
    RunRecord,
    TenantLedger,
    Verification,
)
from campaign_pipeline.storage.hashing import cache_key


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


@dataclass(frozen=True)
class _Answer:
    """What the step cache had to say: the artifact that may be reused, or why there is none."""

    artifact: ArtifactRecord | None
    reason: str


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
        key = self._cache_key(call, input_hash)
        try:
            answer = self._ask_cache(call, key)
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
            cache=self._cache_entry(call, key, input_hash),
            diagnostics={
                "cache": {"hit": answer.artifact is not None, "reason": answer.reason},
                "read": call.read,
                "timings": {"lookup_ms": _ms(asked - began), "produce_ms": _ms(ended - asked)},
            },
        )

    def _cache_key(self, call: StepCall, input_hash: str) -> str:
        return cache_key(
            input_hash,
            tenant_id=self.trigger.tenant_id,
            step_id=call.step.step_id,
            scope=self._settings.cache_policy(call.step.skill_id).scope,
            root_run_id=self.run.root_run_id,
        )

    def _cache_entry(self, call: StepCall, key: str, input_hash: str) -> NewCacheEntry | None:
        if self.trigger.cache is CacheMode.OFF:
            return None
        policy = self._settings.cache_policy(call.step.skill_id)
        return NewCacheEntry(
            cache_key=key, input_hash=input_hash, scope=policy.scope, lifetime=policy.lifetime
        )

    def _ask_cache(self, call: StepCall, key: str) -> _Answer:
        if self.trigger.cache is not CacheMode.USE:
            return _Answer(None, f"cache is set to {self.trigger.cache.value}")
        entry = self._ledger.cache_entry(key)
        if entry is None:
            return _Answer(None, self._why_missed(call))
        if entry.expired:
            return _Answer(None, f"the earlier result expired at {entry.expires_at:%Y-%m-%d %H:%M:%S} UTC")
        if entry.artifact is None:
            return _Answer(None, "the earlier result's record is gone")
        damage = self._damage(entry.artifact)
        if damage is not None:
            return _Answer(None, damage)
        return _Answer(entry.artifact, f"same inputs as in run {entry.artifact.run_id}")

    def _damage(self, artifact: ArtifactRecord) -> str | None:
        """Say what is wrong with an artifact's bytes, or with what it refers to; None when they hold."""
        verdict = self._store.verify(artifact.content_hash, size_bytes=artifact.size_bytes)
        if verdict is not Verification.SOUND:
            return f"the earlier result's bytes are {verdict.value}"
        for name, digest in artifact.metadata.get("attachments", {}).items():
            verdict = self._store.verify(digest)
            if verdict is not Verification.SOUND:
                return f"the earlier result's {name} is {verdict.value}"
        for reference in artifact.metadata.get("references", ()):
            # Other steps' artifacts and the brief's files are hashed where they are read: here they must be there.
            if self._store.size(reference) is None:
                return f"the earlier result refers to {reference}, which is missing"
        return None

    def _why_missed(self, call: StepCall) -> str:
        last = self._ledger.last_step_of(self.trigger.campaign_id, call.step.step_id)
        return why_inputs_missed(call.read, last.diagnostics.get("read") if last else None)

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
