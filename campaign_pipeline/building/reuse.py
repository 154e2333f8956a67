"""The step cache as one run asks it: what may be reused, and why what may not.

Belongs here: under which key a call's result is found, whether it still holds, and the reason in words.
Does not belong here: making a result anew (building.build), the table of results (storage), comparing inputs (reasons).
"""

from collections.abc import Collection
from dataclasses import dataclass

from campaign_pipeline.building.blobs import Blobs
from campaign_pipeline.building.calls import StepCall
from campaign_pipeline.building.reasons import why_inputs_missed
from campaign_pipeline.model.digest import ContentHash
from campaign_pipeline.settings import CacheChoice, CacheMode, Settings
from campaign_pipeline.storage import (
    ArtifactRecord,
    NewArtifact,
    NewCacheEntry,
    TenantLedger,
    Verification,
)
from campaign_pipeline.storage.hashing import cache_key


@dataclass(frozen=True)
class CacheAnswer:
    """What the step cache had to say: the artifact that may be reused, or why there is none.

    Args:
        saved_ms: How long making the artifact took, where it may be reused and its maker is still known.
        earlier: On a miss, the result that no longer holds: making it again gives the same bytes.
    """

    artifact: ArtifactRecord | None
    reason: str
    saved_ms: int | None = None
    earlier: ArtifactRecord | None = None


class Reuse:
    """Earlier results, for one run.

    Args:
        root_run_id: The first of the run's chain of re-executions: what is `run_only` is shared within it.
        cache: What the run does with earlier results.
        compared_run_id: The run that a miss is explained by: its base run, or the one that it is a re-execution of.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        blobs: Blobs,
        ledger: TenantLedger,
        campaign_id: str,
        root_run_id: str,
        cache: CacheChoice,
        compared_run_id: str | None = None,
    ) -> None:
        self._settings = settings
        self._blobs = blobs
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._root_run_id = root_run_id
        self._compared_run_id = compared_run_id
        self.cache = cache

    def key(self, call: StepCall) -> ContentHash:
        """Give the key under which an equal call's result is found."""
        return cache_key(
            call.input_hash,
            tenant_id=self._ledger.tenant_id,
            step_id=call.step.step_id,
            scope=self._settings.cache_policy(call.step.skill_id).scope,
            root_run_id=self._root_run_id,
        )

    def entry(self, call: StepCall) -> NewCacheEntry | None:
        """Say how a call's new result may be reused; None where this run leaves no results behind."""
        if self.cache.of(call.step.step_id) is CacheMode.OFF:
            return None
        policy = self._settings.cache_policy(call.step.skill_id)
        return NewCacheEntry(
            cache_key=self.key(call),
            input_hash=call.input_hash,
            scope=policy.scope,
            lifetime=policy.lifetime,
        )

    def never(self, step_id: str) -> str | None:
        """Say why this run reuses nothing for a step, whatever it is asked; None where it does."""
        return None if self.cache.of(step_id) is CacheMode.USE else f"cache is set to {self.cache}"

    def ask(self, call: StepCall, *, promised: Collection[ContentHash] = frozenset()) -> CacheAnswer:
        """Look for an equal call's result, and check every byte of it.

        Args:
            promised: Bytes that will be there by the time the result is used, whether they are now or not.

        Raises:
            CampaignError: LEDGER_UNAVAILABLE, STORE_UNAVAILABLE.
        """
        never = self.never(call.step.step_id)
        if never is not None:
            return CacheAnswer(None, never)
        entry = self._ledger.cache_entry(self.key(call))
        if entry is None:
            return CacheAnswer(None, self._why_missed(call))
        if entry.expired:
            reason = f"the earlier result expired at {entry.expires_at:%Y-%m-%d %H:%M:%S} UTC"
            return CacheAnswer(None, reason, earlier=entry.artifact)
        if entry.artifact is None:
            return CacheAnswer(None, "the earlier result's record is gone")
        damage = self.damage(entry.artifact, promised=promised)
        if damage is not None:
            return CacheAnswer(None, damage, earlier=entry.artifact)
        reason = f"same inputs as in run {entry.artifact.run_id}"
        return CacheAnswer(entry.artifact, reason, saved_ms=entry.made_in_ms)

    def damage(
        self, artifact: ArtifactRecord | NewArtifact, *, promised: Collection[ContentHash] = frozenset()
    ) -> str | None:
        """Say what is wrong with an artifact's bytes, or with what it refers to; None when they hold."""
        verdict = self._blobs.verify(artifact.content_hash, size_bytes=artifact.size_bytes)
        if verdict is not Verification.SOUND:
            return f"the earlier result's bytes are {verdict.value}"
        for name, digest in artifact.metadata.get("attachments", {}).items():
            verdict = self._blobs.verify(digest)
            if verdict is not Verification.SOUND:
                return f"the earlier result's {name} is {verdict.value}"
        for reference in artifact.metadata.get("references", ()):
            # Other steps' artifacts and the brief's files are hashed where they are read: here they must be there.
            if reference not in promised and self._blobs.size(reference) is None:
                return f"the earlier result refers to {reference}, which is missing"
        return None

    def _why_missed(self, call: StepCall) -> str:
        step_id, earlier = call.step.step_id, None
        if self._compared_run_id is not None:
            earlier = self._ledger.read_in(self._compared_run_id, step_id)
        if earlier is not None:
            return why_inputs_missed(call.read, [earlier])
        return why_inputs_missed(call.read, self._ledger.recent_reads(self._campaign_id, step_id))
