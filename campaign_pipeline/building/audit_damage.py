"""Damaged blobs, each once, with all that needs it.

Belongs here: gathering who needs a blob and as what, in bounded memory; and telling it as one problem.
Does not belong here: finding the damage (building.audit_blobs), or what repairs it (building.audit_advice).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from campaign_pipeline.building.audit import MOST_PROBLEMS, Dependent, Problem
from campaign_pipeline.model.digest import ContentHash, is_content_hash
from campaign_pipeline.storage import ArtifactRecord, RunRecord, RunStatus, StepRecord, Verification
from campaign_pipeline.storage.auditing import WholeRun
from campaign_pipeline.storage.compact_set import CompactSet
from campaign_pipeline.storage.referring import Referrer, digests_of

MOST_REFERRERS = 20
"""How many of the rows that need a blob are listed; the others are counted."""


_ROWS = {"artifact": "artifact", "lease": "the lease under", "answer": "the answer to request"}


class UseKind(IntEnum):
    """What a blob is to a row; what tells most of where it came from comes first."""

    ARTIFACT = 0
    ATTACHMENT = 1
    FILE = 2
    REFERENCE = 3
    LEASE = 4
    ANSWER = 5


@dataclass(frozen=True, kw_only=True)
class Use:
    """One blob, as one row needs it.

    Args:
        name: An artifact's type, an attachment's name and what it is attached to, a field of the brief, …
        step: The step that came to the artifact, where a run was looked at.
    """

    content_hash: ContentHash
    kind: UseKind
    name: str
    step: StepRecord | None = None


@dataclass
class Damage:
    """A blob that does not hold, and who needs it.

    Args:
        use: The most telling of its uses, of the newest run that has one such.
        runs: The newest that need it, and when each was created.
        completed_run: The newest of them that completed: only such a run can be built upon.
        rows: Needing rows that are no runs.
    """

    content_hash: ContentHash
    verdict: Verification
    use: Use
    runs: dict[Dependent, datetime] = field(default_factory=dict)
    run_count: int = 0
    newest_run: RunRecord | None = None
    completed_run: RunRecord | None = None
    rows: list[Dependent] = field(default_factory=list)
    row_count: int = 0

    def add_run(self, run: RunRecord, use: Use) -> None:
        """Take in that a run needs it."""
        is_newest = _is_newer(run, self.newest_run)
        if use.kind < self.use.kind or (use.kind == self.use.kind and is_newest):
            self.use = use
        if is_newest:
            self.newest_run = run
        if run.status is RunStatus.COMPLETED and _is_newer(run, self.completed_run):
            self.completed_run = run
        self.runs[_needing(run, use.name)] = run.created_at
        if len(self.runs) > MOST_REFERRERS:
            del self.runs[min(self.runs, key=self.runs.__getitem__)]
        self.run_count += 1

    def add_row(self, row: Dependent, use: Use) -> None:
        """Take in that a row needs it which is no run's."""
        if use.kind < self.use.kind:
            self.use = use
        if self.row_count < MOST_REFERRERS:
            self.rows.append(row)
        self.row_count += 1

    def problem(self, *, advice: str) -> Problem:
        """Tell it."""
        runs = sorted(self.runs, key=self.runs.__getitem__, reverse=True)
        referrers = (*runs, *self.rows)[:MOST_REFERRERS]
        first, run = referrers[0], self.newest_run
        return Problem(
            kind="bytes",
            tenant_id=first.tenant_id,
            subject=f"{self.content_hash} ({self.use.name})",
            message=f"its bytes are {self.verdict.value}; {self._needed_by(first)}",
            advice=advice,
            run_id=None if run is None else run.id,
            content_hash=self.content_hash,
            referrers=referrers,
            more_referrers=self.run_count + self.row_count - len(referrers),
        )

    def _needed_by(self, first: Dependent) -> str:
        if not self.runs:
            more = f", and {self.row_count - 1:,} more" if self.row_count > 1 else ""
            return f"needed by {_ROWS[first.kind]} {first.id}{more}"
        named = f"{first.id} ({first.tenant_id}/{first.campaign_id})"
        if self.run_count == 1:
            return f"needed by run {named}"
        return f"needed by {self.run_count:,} runs, the newest {named}"


class DamageRegister:
    """The damaged blobs of one audit: the first are gathered, the rest are counted."""

    def __init__(self) -> None:
        self._gathered: dict[ContentHash, Damage] = {}
        self._beyond = CompactSet()
        self.beyond = 0

    def __iter__(self) -> Iterator[Damage]:
        return iter(self._gathered.values())

    def of(self, use: Use, verdict: Verification) -> Damage | None:
        """Give what is gathered of a blob; None where there are too many to gather this one too."""
        digest = use.content_hash
        found = self._gathered.get(digest)
        if found is None and len(self._gathered) < MOST_PROBLEMS:
            found = self._gathered[digest] = Damage(digest, verdict, use)
        elif found is None and digest not in self._beyond:
            self._beyond.add(digest)
            self.beyond += 1
        return found


def uses_of_run(whole: WholeRun) -> Iterator[Use]:
    """Name all blobs that a run needs: of what it came to, and of its brief; each as what it most tellingly is."""
    uses = [*_of_results(whole), *_of_files(whole.run)]
    uses.sort(key=lambda use: use.kind, reverse=True)
    yield from {use.content_hash: use for use in uses}.values()


def uses_of_artifact(artifact: ArtifactRecord, *, step: StepRecord | None = None) -> Iterator[Use]:
    """Name the blobs that an artifact needs, its own first; what is spelled as no digest can name none."""
    yield Use(
        content_hash=artifact.content_hash,
        kind=UseKind.ARTIFACT,
        name=artifact.type,
        step=step,
    )
    attached = {digest: name for name, digest in (artifact.metadata.get("attachments") or {}).items()}
    for digest in filter(is_content_hash, dict.fromkeys(digests_of(artifact.metadata))):
        kind = UseKind.ATTACHMENT if digest in attached else UseKind.REFERENCE
        name = f"{attached.get(digest, 'reference')} of {artifact.type}"
        yield Use(content_hash=digest, kind=kind, name=name, step=step)


def use_of_waiting(referrer: Referrer, content_hash: ContentHash) -> Use:
    """Name a blob as what a lease or a provider's answer needs it."""
    if referrer.kind == "lease":
        name, kind = "result that waits to be published", UseKind.LEASE
    else:
        name, kind = "provider's answer", UseKind.ANSWER
    return Use(content_hash=content_hash, kind=kind, name=name)


def _of_results(whole: WholeRun) -> Iterator[Use]:
    for step in whole.steps:
        for artifact_id in step.output_artifact_ids:
            if artifact_id in whole.artifacts:
                yield from uses_of_artifact(whole.artifacts[artifact_id], step=step)


def _of_files(run: RunRecord) -> Iterator[Use]:
    for field_name, file in (run.trigger.get("files") or {}).items():
        yield Use(content_hash=file["content_hash"], kind=UseKind.FILE, name=field_name)


def _is_newer(run: RunRecord, other: RunRecord | None) -> bool:
    return other is None or run.created_at > other.created_at


def _needing(run: RunRecord, use: str) -> Dependent:
    return Dependent(kind="run", id=run.id, tenant_id=run.tenant_id, campaign_id=run.campaign_id, use=use)
