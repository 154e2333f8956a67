"""Auditing: every byte against its hash, the files that describe others, and the tables against each other.

Belongs here: what is looked at, in which order, each blob once; and what is said of bytes that do not hold.
Does not belong here: what must be true of rows (building.audit_runs) and files (building.audit_contents), repairing:
a build does that, which knows how to make the bytes again.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from campaign_pipeline.building.audit import Audit, Flaw, Problem
from campaign_pipeline.building.audit_contents import CHECKS
from campaign_pipeline.building.audit_runs import entry_problem, run_problems
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import ContentHash, is_content_hash
from campaign_pipeline.storage import ArtifactRecord, ArtifactStore, Ledger, RunRecord, Verification
from campaign_pipeline.storage.auditing import WholeRun
from campaign_pipeline.storage.compact_set import CompactSet
from campaign_pipeline.storage.referring import digests_of

_TELL_EVERY = 100

_DATED = "json/campaign-manifest"
"""The one type of artifact whose bytes are not the same when it is made again, but with SOURCE_DATE_EPOCH."""

_LEASE = "it is free by now, or will be within a minute; whoever wants it takes it"
_WAITS = "it is not served; the next build that wants it produces it again"
_ANSWER = "it is not served; the next build that sends this request asks, and pays, again"


class Auditor:
    """Looks at everything, or at some runs, and changes nothing: bytes that do not hold stay where they are.

    Args:
        tell: Told how far it is, in a few words, now and then.
    """

    def __init__(
        self, ledger: Ledger, store: ArtifactStore, *, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self._ledger = ledger.cleaning("verify")
        self._runs = ledger.housekeeping("verify")
        self._store = store
        self._tell = tell
        self._audit = Audit()
        # Taken for sound unread: once in a hundred million million blobs of a store of a hundred thousand.
        self._sound = CompactSet()
        self._told = CompactSet()
        self._damaged = {
            verdict: CompactSet() for verdict in Verification if verdict is not Verification.SOUND
        }

    def audit_all(self) -> Audit:
        """Look at everything of every tenant."""
        for whole in self._ledger.whole_runs():
            self._look_at_run(whole)
        for entry in self._ledger.cache_entries():
            self._audit.checked["cache_entries"] += 1
            problem = entry_problem(entry)
            if problem is not None:
                self._audit.add([problem])
        self._look_at_artifacts(self._ledger.all_artifacts)
        self._look_at_what_waits()
        self._look_at_leases(None)
        return self._audit

    def audit_runs(self, run_ids: Sequence[str]) -> Audit:
        """Look at runs and at all that they came to, made or reused."""
        for whole in self._ledger.whole_runs(run_ids):
            self._look_at_run(whole)
            self._look_at_artifacts(whole.artifacts.values)
        self._look_at_leases(run_ids)
        return self._audit

    def _look_at_run(self, whole: WholeRun) -> None:
        self._audit.checked.update(runs=1, steps=len(whole.steps))
        self._audit.add(run_problems(whole))
        run = whole.run
        for field, file in (run.trigger.get("files") or {}).items():
            verdict = self._verdict(file["content_hash"])
            if verdict is not Verification.SOUND:
                self._audit.add(
                    [
                        _of_bytes(
                            file["content_hash"],
                            verdict,
                            tenant_id=run.tenant_id,
                            subject=f"{field} of run {run.id}",
                            advice=f"building takes the file in again: {_build(run)}",
                            run_id=run.id,
                        )
                    ]
                )
        self._progress("runs")

    def _look_at_artifacts(self, artifacts: Callable[[], Iterable[ArtifactRecord]]) -> None:
        """Look at artifacts themselves, then at what they refer to: so what has to be read whole is read once."""
        for artifact in artifacts():
            self._audit.checked["artifacts"] += 1
            self._report(artifact, self._own_flaws(artifact))
            self._progress("artifacts")
        for artifact in artifacts():
            self._report(artifact, self._flaws_of_others(artifact))

    def _report(self, artifact: ArtifactRecord, flaws: Iterable[Flaw]) -> None:
        found = list(flaws)
        # A collection may have taken row and bytes while this was looking.
        if not found or not self._ledger.has_artifact(artifact.id):
            return
        run = self._runs.find_run(artifact.run_id)
        self._audit.add(
            Problem(
                kind=flaw.kind,
                tenant_id=artifact.tenant_id,
                subject=f"artifact {artifact.id} ({artifact.type})",
                message=flaw.message,
                advice=_make_anew(artifact, run),
                run_id=artifact.run_id,
                content_hash=flaw.content_hash,
            )
            for flaw in found
        )

    def _own_flaws(self, artifact: ArtifactRecord) -> Iterator[Flaw]:
        digest = artifact.content_hash
        told = list(self._described(artifact))  # first: it reads the bytes, which is a check of them too
        verdict = self._verdict(digest)
        if verdict is not Verification.SOUND:
            yield Flaw("bytes", f"its bytes are {verdict.value}", digest)
            return
        size = self._store.size(digest)
        if artifact.size_bytes is not None and size is not None and size != artifact.size_bytes:
            yield Flaw(
                "bytes", f"size_bytes: {artifact.size_bytes} found; its sound bytes are {size}", digest
            )
        yield from told

    def _described(self, artifact: ArtifactRecord) -> Iterator[Flaw]:
        """Check what a file says of others, once for all rows that say the same of it."""
        check = CHECKS.get(artifact.type)
        said = f"{artifact.content_hash} {json.dumps(artifact.metadata, sort_keys=True)}"
        if check is None or said in self._told:
            return
        self._told.add(said)
        data = self._read(artifact.content_hash)
        if data is not None:
            for message in check.flaws(data, artifact.metadata):
                yield Flaw(check.kind, message, artifact.content_hash)

    def _flaws_of_others(self, artifact: ArtifactRecord) -> Iterator[Flaw]:
        names = {digest: name for name, digest in (artifact.metadata.get("attachments") or {}).items()}
        for digest in dict.fromkeys(digests_of(artifact.metadata)):
            if not is_content_hash(digest):
                message = f"references: {digest!r} found; a content hash is expected"
                yield Flaw("bytes", message, artifact.content_hash)
                continue
            verdict = self._verdict(digest)
            if verdict is not Verification.SOUND:
                what = names.get(digest, "reference")
                yield Flaw("bytes", f"its {what} {digest} is {verdict.value}", digest)

    def _look_at_what_waits(self) -> None:
        for referrer in chain(self._ledger.waiting_results(), self._ledger.kept_answers()):
            waits = referrer.kind == "lease"
            for digest in referrer.digests:
                verdict = self._verdict(digest)
                if verdict is not Verification.SOUND:
                    what = (
                        "result that waits to be published under" if waits else "provider's answer to request"
                    )
                    advice = _WAITS if waits else _ANSWER
                    subject = f"{what} {referrer.id}"
                    self._audit.add(
                        [
                            _of_bytes(
                                digest, verdict, tenant_id=referrer.tenant_id, subject=subject, advice=advice
                            )
                        ]
                    )

    def _look_at_leases(self, run_ids: Sequence[str] | None) -> None:
        self._audit.add(
            Problem(
                kind="lease",
                tenant_id=lease.tenant_id,
                subject=f"lease of {lease.subject} under {lease.key}",
                message=f"is held for run {lease.run_id}, which has ended",
                advice=_LEASE,
                run_id=lease.run_id,
            )
            for lease in self._ledger.left_leases(run_ids)
        )

    def _read(self, digest: ContentHash) -> bytes | None:
        """Read a blob whole, which checks it too; None where it does not hold."""
        try:
            data = self._store.read(digest)
        except CampaignError as error:
            if error.code is not ErrorCode.ARTIFACT_CORRUPT:
                raise
            return None
        if digest not in self._sound:
            self._is_sound(digest, size_bytes=len(data))
        return data

    def _verdict(self, digest: ContentHash) -> Verification:
        """Check a blob, the first time that anything names it."""
        for known, damaged in self._damaged.items():
            if digest in damaged:
                return known
        if digest in self._sound:
            return Verification.SOUND
        verdict = self._store.verify(digest)
        if verdict is Verification.SOUND:
            self._is_sound(digest, size_bytes=self._store.size(digest) or 0)
        else:
            self._damaged[verdict].add(digest)
        return verdict

    def _is_sound(self, digest: ContentHash, *, size_bytes: int) -> None:
        self._sound.add(digest)
        self._audit.checked.update(blobs=1, bytes=size_bytes)

    def _progress(self, what: str) -> None:
        checked = self._audit.checked
        if checked[what] % _TELL_EVERY == 0:
            self._tell(f"{checked[what]:,} {what}, {checked['bytes'] / 1e6:,.0f} MB read")


def _build(run: RunRecord) -> str:
    return f"campaign build {run.tenant_id}/{run.campaign_id}"


def _make_anew(artifact: ArtifactRecord, run: RunRecord | None) -> str:
    if run is None:
        return f"build the campaign of tenant {artifact.tenant_id} again"
    if artifact.type == _DATED:
        return (
            f"it is never served; it carries the times of its builds, so building makes another: {_build(run)}; "
            "this one is history, until CAMPAIGN_RETENTION takes it"
        )
    return (
        f"it is never served; building makes it anew and puts bad bytes aside: {_build(run)}; "
        f"where the brief has changed since, with --base-run {run.id}"
    )


def _of_bytes(
    digest: ContentHash,
    verdict: Verification,
    *,
    tenant_id: str,
    subject: str,
    advice: str,
    run_id: str | None = None,
) -> Problem:
    return Problem(
        kind="bytes",
        tenant_id=tenant_id,
        subject=subject,
        message=f"the bytes of {digest} are {verdict.value}",
        advice=advice,
        run_id=run_id,
        content_hash=digest,
    )
