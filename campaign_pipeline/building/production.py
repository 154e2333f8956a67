"""Making what a step could not reuse: alone of all who want it, and so that nobody need make it again.

Belongs here: the order of effects between the lease and the result that waits in it to be published.
Does not belong here: whether there is an earlier result (building.reuse), publishing (building.builder).
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter

from campaign_pipeline.building.answer_book import KeptAnswers
from campaign_pipeline.building.calls import Product, StepCall
from campaign_pipeline.building.claims import Claims
from campaign_pipeline.building.insistence import insist
from campaign_pipeline.building.reuse import Reuse
from campaign_pipeline.model.digest import ContentHash, JsonObject, canonical_hash
from campaign_pipeline.settings import CacheMode
from campaign_pipeline.storage import (
    ArtifactRecord,
    ArtifactStore,
    Lease,
    NewArtifact,
    RunRecord,
    RunStepStatus,
    TenantLedger,
)

_ANOTHER_ATTEMPT = "made by an earlier attempt at this step"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a step came to, and the lease that is still held for what waits to be published.

    Args:
        reason: How it came to be, where that is not why it could not be reused.
        made_in_s: How long it took to make, whoever made it.
        made_at: When, where it was not now.
        saved_ms: What it saves to reuse it.
    """

    artifact: ArtifactRecord | NewArtifact
    reason: str | None = None
    lease: Lease | None = None
    made_in_s: float = 0.0
    made_at: datetime | None = None
    saved_ms: int | None = None
    diagnostics: JsonObject = field(default_factory=dict)


class Production:
    """The making of one run's products in one process."""

    def __init__(
        self,
        *,
        run: RunRecord,
        store: ArtifactStore,
        ledger: TenantLedger,
        reuse: Reuse,
        claims: Claims,
        answers: KeptAnswers,
    ) -> None:
        self._run = run
        self._store = store
        self._ledger = ledger
        self._reuse = reuse
        self._claims = claims
        self._answers = answers
        # Made, its bytes stored, and not in its lease yet: the ledger was away for too long.
        self._in_hand: dict[ContentHash, Made] = {}

    def make(self, call: StepCall, *, attempt: int) -> Made:
        """Make a call's product; or take what another made while this one waited for its turn.

        Raises:
            CampaignError: Why the skill could not make it, or the store or the ledger not keep it.
        """
        lease = self._claims.claim(
            self._lease_key(call), subject=call.step.step_id, on_wait=lambda run_id: self._waits(call, run_id)
        )
        try:
            made = self._reused(call) or self._finished(call, attempt=attempt)
            if made is not None:
                # What may wait in the lease is older than what was published since.
                self._claims.end(lease)
                return made
            return self._taken_over(call, lease) or self._produced(call, lease)
        except BaseException:
            # An interrupt too: nobody should have to wait until the lease expires.
            self._claims.give_back(lease)
            raise

    def _lease_key(self, call: StepCall) -> ContentHash:
        """Give what this run shares its work under: a step that takes no earlier results waits for nobody's."""
        key = self._reuse.key(call)
        if self._reuse.cache.of(call.step.step_id) is CacheMode.USE:
            return key
        return canonical_hash({"cache_key": key, "root_run_id": self._run.root_run_id})

    def _waits(self, call: StepCall, run_id: str) -> None:
        waited = {"waited_for_run": run_id}
        self._ledger.hash_step(self._run.id, call.step.step_id, call.step_hash, diagnostics=waited)

    def _reused(self, call: StepCall) -> Made | None:
        """Take what whoever held the lease before has published since the cache was asked."""
        answer = self._reuse.ask(call)
        if answer.artifact is None:
            return None
        return Made(artifact=answer.artifact, reason=answer.reason, saved_ms=answer.saved_ms)

    def _finished(self, call: StepCall, *, attempt: int) -> Made | None:
        """Begin to produce; or take what an earlier attempt has published, though it never heard that it did."""
        step_id = call.step.step_id
        step = self._ledger.start_step(self._run.id, step_id, input_hash=call.step_hash, attempt=attempt)
        if step.status is not RunStepStatus.COMPLETED:
            return None
        artifact = self._ledger.step_artifact(self._run.id, step_id)
        return None if artifact is None else Made(artifact=artifact, reason=_ANOTHER_ATTEMPT)

    def _taken_over(self, call: StepCall, lease: Lease) -> Made | None:
        """Take what was produced before and could not be published, if it is young enough and its bytes hold."""
        in_hand = self._in_hand.pop(lease.key, None)
        if in_hand is not None:
            return self._kept(replace(in_hand, lease=lease, reason=_ANOTHER_ATTEMPT))
        if lease.result is None or lease.made_at is None:
            return None
        artifact = NewArtifact.from_json(lease.result)
        entry = self._reuse.entry(call)
        lifetime = None if entry is None else entry.lifetime
        is_old = lifetime is not None and lease.made_at + lifetime <= lease.taken_at
        if is_old or self._reuse.damage(artifact) is not None:
            self._ledger.drop_result(lease)
            return None
        by = lease.result["made_by_run"]
        left = f"made by run {by}, which ended before it could record it"
        return Made(
            artifact=artifact,
            lease=lease,
            reason=_ANOTHER_ATTEMPT if by == self._run.id else left,
            made_in_s=lease.result["made_in_s"],
            made_at=lease.made_at,
            diagnostics=lease.result["diagnostics"],
        )

    def _produced(self, call: StepCall, lease: Lease) -> Made:
        usage, began = self._answers.count_for(call.step.step_id), perf_counter()
        try:
            artifact = self._put(call, call.produce())
        except Exception:
            if usage.to_json():
                # What was paid for is told even where nothing came of it.
                told: JsonObject = {"provider": usage.to_json()}
                self._ledger.note_step(self._run.id, call.step.step_id, diagnostics=told)
            raise
        diagnostics = {"provider": usage.to_json()} if usage.to_json() else {}
        return self._kept(
            Made(artifact=artifact, lease=lease, made_in_s=perf_counter() - began, diagnostics=diagnostics)
        )

    def _kept(self, made: Made) -> Made:
        """Leave it in its lease: from here on nobody need make it again."""
        artifact, lease = made.artifact, made.lease
        if not isinstance(artifact, NewArtifact) or lease is None:
            return made
        result = {
            **artifact.to_json(),
            "made_by_run": self._run.id,
            "made_in_s": round(made.made_in_s, 3),
            "diagnostics": made.diagnostics,
        }
        self._in_hand[lease.key] = made
        insist(lambda: self._ledger.keep_result(lease, result))
        del self._in_hand[lease.key]
        return made

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
