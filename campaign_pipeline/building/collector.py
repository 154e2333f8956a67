"""Collecting garbage: what has expired, what is not kept any longer, and the bytes that nobody refers to.

Belongs here: the order in which things go, which is what makes it safe beside builds that run.
Does not belong here: SQL and files (storage), what is done with each thing (building.brooms), when it is done.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from campaign_pipeline.building.brooms import Broom, Rehearsal, Sweep
from campaign_pipeline.building.collection import Collection
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage import ArtifactStore, Ledger
from campaign_pipeline.storage.collecting import Expired, Horizon
from campaign_pipeline.storage.compact_set import CompactSet
from campaign_pipeline.storage.retaining import PastRun, Removal

INSPECTION = timedelta(days=7)
"""How long damaged bytes can be looked at after they were replaced, whatever the grace period is."""

_TELL_EVERY = 1000

Tell = Callable[[str], None]
"""Told what is going on, in a few words, now and then."""


class Collector:
    """Collects what nobody needs, of all tenants or of one; bytes are always checked against all.

    It may be interrupted at any time and done again, by many at once, beside builds that run: rows go before the bytes
    that they name, nothing goes that a build which runs may have seen, and of what was just put nothing goes at all.

    Args:
        grace: What is younger is left alone.
        retention: How long runs are kept after they ended; None for ever.
        tenant_id: Whose rows are looked at; None for everybody's.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: ArtifactStore,
        *,
        grace: timedelta,
        retention: timedelta | None = None,
        tenant_id: str | None = None,
        tell: Tell = lambda _: None,
    ) -> None:
        self._ledger = ledger.cleaning("gc")
        self._store = store
        self._grace = grace
        self._retention = retention
        self._tenant_id = tenant_id
        self._tell = tell

    def collect(self) -> Collection:
        """Take away what nobody needs, and count it.

        Raises:
            CampaignError: VALIDATION_ERROR when another ledger names bytes in this store too.
        """
        return self._with(Sweep(self._ledger, self._store), dry_run=False)

    def rehearse(self) -> Collection:
        """Count what `collect` would take away, and change nothing."""
        return self._with(Rehearsal(self._ledger, self._store), dry_run=True)

    def _with(self, broom: Broom, *, dry_run: bool) -> Collection:
        self._refuse_a_shared_store()
        # The store's clock before the ledger's: a build that begins in between is younger than both.
        now = self._store.now()
        horizon = self._ledger.horizon(
            grace=self._grace, retention=self._retention, tenant_id=self._tenant_id
        )
        expired = self._expired(broom, horizon)
        counts = Counter(self._past(broom, horizon))
        counts += self._bytes(broom, horizon, now=now)
        return Collection(
            dry_run=dry_run,
            tenant_id=self._tenant_id,
            **vars(expired),
            **{name: counts[name] for name in _COUNTED},
        )

    def _refuse_a_shared_store(self) -> None:
        others = self._store.other_ledgers()
        if others:
            found = "; ".join(f"{name} (noted in {place})" for name, place in others.items())
            message = (
                f"CAMPAIGN_STORE_URL: the store holds bytes of another ledger too: {found}; to this ledger they "
                "would be garbage. Give each ledger a store of its own, or remove the note of one that is no more"
            )
            raise CampaignError(ErrorCode.VALIDATION_ERROR, message)

    def _expired(self, broom: Broom, horizon: Horizon) -> Expired:
        gone = Expired()
        for batch in broom.expired(horizon):
            gone += batch
            self._tell(f"{gone.cache_entries + gone.provider_answers + gone.leases:,} expired rows")
        return gone

    def _past(self, broom: Broom, horizon: Horizon) -> Counter[str]:
        counts: Counter[str] = Counter()
        if horizon.past_before is None:
            return counts
        self._tell("reading what is still referred to")
        bases = CompactSet(self._ledger.bases(horizon))
        referred = CompactSet(self._ledger.referred_artifacts(horizon, bases=bases))
        for page in self._ledger.past_runs(horizon, bases=bases):
            gone = broom.past(_removal(page, referred=referred))
            counts.update(runs_trimmed=len(gone.trimmed), artifacts=len(gone.artifacts), runs=len(gone.runs))
            self._tell(f"{counts['runs']:,} runs and {counts['artifacts']:,} artifacts past retention")
        return counts

    def _bytes(self, broom: Broom, horizon: Horizon, *, now: datetime) -> Counter[str]:
        counts: Counter[str] = Counter()
        cutoff = now - horizon.spare
        named = self._named(broom, horizon)
        for seen, blob in enumerate(self._store.blobs(), start=1):
            old = blob.touched_at < cutoff and blob.content_hash not in named
            if old and broom.blob(blob, untouched_since=cutoff):
                counts.update(blobs=1, bytes_freed=blob.size_bytes)
            else:
                counts["blobs_kept"] += 1
            if seen % _TELL_EVERY == 0:
                self._tell(f"{seen:,} blobs seen, {counts['blobs']:,} of them nobody's")
        for leftover in self._store.leftovers():
            spare = max(horizon.spare, INSPECTION) if leftover.kind == "quarantined" else horizon.spare
            if broom.leftover(leftover, untouched_since=now - spare):
                counts.update({leftover.kind: 1, "bytes_freed": leftover.size_bytes})
        return counts

    def _named(self, broom: Broom, horizon: Horizon) -> CompactSet:
        """Read what refers to bytes; after the horizon was fixed, so that what is missed here is too young to go."""
        named = CompactSet()
        for seen, referrer in enumerate(broom.referrers(horizon), start=1):
            named.update(referrer.digests)
            if seen % _TELL_EVERY == 0:
                self._tell(f"{seen:,} rows that refer to bytes")
        return named


_COUNTED = (
    "runs_trimmed",
    "artifacts",
    "runs",
    "blobs",
    "unfinished",
    "quarantined",
    "bytes_freed",
    "blobs_kept",
)


def _removal(page: list[PastRun], *, referred: CompactSet) -> Removal:
    """Decide what of some past runs goes: each artifact that nothing refers to, and each run that keeps none."""
    artifacts = [key for run in page for key in run.artifact_ids if key not in referred]
    gone = set(artifacts)
    runs = [run.id for run in page if not run.must_stay and gone.issuperset(run.artifact_ids)]
    going = set(runs)
    trimmed = [run.id for run in page if run.id not in going and not run.is_trimmed]
    return Removal(trimmed=trimmed, artifacts=artifacts, runs=runs)
