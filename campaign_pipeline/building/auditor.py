"""Auditing: every byte against its hash, the files that describe others, and the tables against each other.

Belongs here: what is looked at, and in which order.
Does not belong here: what must be true of rows (building.audit_runs) and files (building.audit_contents), who needs
what does not hold (building.audit_damage), and what to do about it (building.audit_advice).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import chain

from campaign_pipeline.building.audit import Audit, Dependent, Flaw, Problem
from campaign_pipeline.building.audit_advice import LEASE, Advice
from campaign_pipeline.building.audit_blobs import AuditedBlobs
from campaign_pipeline.building.audit_contents import CHECKS
from campaign_pipeline.building.audit_damage import (
    DamageRegister,
    Use,
    UseKind,
    use_of_waiting,
    uses_of_artifact,
    uses_of_run,
)
from campaign_pipeline.building.audit_runs import entry_problem, run_problems
from campaign_pipeline.model.digest import is_content_hash
from campaign_pipeline.storage import ArtifactRecord, ArtifactStore, Ledger, Verification
from campaign_pipeline.storage.auditing import WholeRun
from campaign_pipeline.storage.compact_set import CompactSet
from campaign_pipeline.storage.referring import digests_of

_TELL_EVERY = 100


class Auditor:
    """Looks at everything, or at some runs, and changes nothing: bytes that do not hold stay where they are.

    Args:
        retention: How long runs are kept after they ended, for the advice; None for ever.
        tell: Told how far it is, in a few words, now and then.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: ArtifactStore,
        *,
        retention: timedelta | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger.cleaning("verify")
        self._runs = ledger.housekeeping("verify")
        self._tell = tell
        self._audit = Audit()
        self._blobs = AuditedBlobs(store, checked=self._audit.checked)
        self._damaged = DamageRegister()
        self._advice = Advice(ledger, retention=retention, place=store.uri)
        self._told = CompactSet()

    def audit_all(self) -> Audit:
        """Look at everything of every tenant."""
        self._look_at_artifacts(self._ledger.all_artifacts)
        for whole in self._ledger.whole_runs():
            self._look_at_run(whole)
        for entry in self._ledger.cache_entries():
            self._audit.checked["cache_entries"] += 1
            problem = entry_problem(entry)
            if problem is not None:
                self._audit.add([problem])
        self._look_at_what_waits()
        self._look_at_leases(None)
        return self._summed_up()

    def audit_runs(self, run_ids: Sequence[str]) -> Audit:
        """Look at runs and at all that they came to, made or reused."""
        for whole in self._ledger.whole_runs(run_ids):
            self._look_at_artifacts(whole.artifacts.values)
            self._look_at_run(whole)
        self._look_at_leases(run_ids)
        return self._summed_up()

    def _look_at_run(self, whole: WholeRun) -> None:
        """Look at a run after its artifacts, whose bytes are known by now."""
        self._audit.checked.update(runs=1, steps=len(whole.steps))
        self._audit.add(run_problems(whole))
        damaged = [use for use in uses_of_run(whole) if self._is_damaged(use)]
        # A collection may have taken row and bytes while this was looking.
        if damaged and self._runs.find_run(whole.run.id) is not None:
            for use in damaged:
                gathered = self._damaged.of(use, self._blobs.verdict(use.content_hash))
                if gathered is not None:
                    gathered.add_run(whole.run, use)
        self._progress("runs")

    def _is_damaged(self, use: Use) -> bool:
        """Look at a file of a brief; of what an artifact needs, look up what was found when it was looked at."""
        if use.kind is UseKind.FILE:
            return self._blobs.verdict(use.content_hash) is not Verification.SOUND
        return self._blobs.damage(use.content_hash) is not None

    def _look_at_artifacts(self, artifacts: Callable[[], Iterable[ArtifactRecord]]) -> None:
        """Look at artifacts themselves, then at what they refer to: so what has to be read whole is read once."""
        for artifact in artifacts():
            self._audit.checked["artifacts"] += 1
            self._report(artifact, self._flaws(artifact))
            self._progress("artifacts")
        for artifact in artifacts():
            self._gather(artifact)

    def _report(self, artifact: ArtifactRecord, flaws: Iterable[Flaw]) -> None:
        found = list(flaws)
        if not found or not self._ledger.has_artifact(artifact.id):
            return
        advice = self._advice.on_record(artifact)
        self._audit.add(
            Problem(
                kind=flaw.kind,
                tenant_id=artifact.tenant_id,
                subject=f"artifact {artifact.id} ({artifact.type})",
                message=flaw.message,
                advice=advice,
                run_id=artifact.run_id,
                content_hash=artifact.content_hash,
            )
            for flaw in found
        )

    def _flaws(self, artifact: ArtifactRecord) -> Iterator[Flaw]:
        told = list(self._described(artifact))  # first: it reads the bytes, which is a check of them too
        if self._blobs.verdict(artifact.content_hash) is Verification.SOUND:
            size = self._blobs.size(artifact.content_hash)
            if artifact.size_bytes is not None and size is not None and size != artifact.size_bytes:
                yield Flaw("bytes", f"size_bytes: {artifact.size_bytes} found; its sound bytes are {size}")
            yield from told
        for digest in dict.fromkeys(digests_of(artifact.metadata)):
            if not is_content_hash(digest):
                yield Flaw("bytes", f"references: {digest!r} found; a content hash is expected")

    def _described(self, artifact: ArtifactRecord) -> Iterator[Flaw]:
        """Check what a file says of others, once for all rows that say the same of it."""
        check = CHECKS.get(artifact.type)
        said = f"{artifact.content_hash} {json.dumps(artifact.metadata, sort_keys=True)}"
        if check is None or said in self._told:
            return
        self._told.add(said)
        data = self._blobs.read(artifact.content_hash)
        if data is not None:
            for message in check.flaws(data, artifact.metadata):
                yield Flaw(check.kind, message)

    def _gather(self, artifact: ArtifactRecord) -> None:
        for use in uses_of_artifact(artifact):
            verdict = self._blobs.verdict(use.content_hash)
            # A collection may have taken row and bytes while this was looking.
            if verdict is not Verification.SOUND and self._ledger.has_artifact(artifact.id):
                row = Dependent(kind="artifact", id=artifact.id, tenant_id=artifact.tenant_id, use=use.name)
                self._add_row(row, use, verdict)

    def _look_at_what_waits(self) -> None:
        for referrer in chain(self._ledger.waiting_results(), self._ledger.kept_answers()):
            for digest in referrer.digests:
                verdict = self._blobs.verdict(digest)
                if verdict is not Verification.SOUND:
                    use = use_of_waiting(referrer, digest)
                    row = Dependent(
                        kind=referrer.kind, id=referrer.id, tenant_id=referrer.tenant_id, use=use.name
                    )
                    self._add_row(row, use, verdict)

    def _add_row(self, row: Dependent, use: Use, verdict: Verification) -> None:
        gathered = self._damaged.of(use, verdict)
        if gathered is not None:
            gathered.add_row(row, use)

    def _look_at_leases(self, run_ids: Sequence[str] | None) -> None:
        self._audit.add(
            Problem(
                kind="lease",
                tenant_id=lease.tenant_id,
                subject=f"lease of {lease.subject} under {lease.key}",
                message=f"is held for run {lease.run_id}, which has ended",
                advice=LEASE,
                run_id=lease.run_id,
            )
            for lease in self._ledger.left_leases(run_ids)
        )

    def _summed_up(self) -> Audit:
        for damage in self._damaged:
            if not self._blobs.is_sound_by_now(damage.content_hash):
                self._audit.add([damage.problem(advice=self._advice.on_damage(damage))])
        self._audit.more_problems += self._damaged.beyond
        return self._audit

    def _progress(self, what: str) -> None:
        checked = self._audit.checked
        if checked[what] % _TELL_EVERY == 0:
            self._tell(f"{checked[what]:,} {what}, {checked['bytes'] / 1e6:,.0f} MB read")
