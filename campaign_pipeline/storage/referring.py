"""Who refers to which bytes, of all tenants: what stands here must not be taken out of the store.

Belongs here: walking every row that names a digest.
Does not belong here: the bytes (artifact_store), and what is done with those that nobody names (building.collector).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, RowMapping, Select, select

from campaign_pipeline.model.digest import ContentHash, is_content_hash
from campaign_pipeline.storage.collecting import Horizon, expired_rows
from campaign_pipeline.storage.tables import ARTIFACT, LEASE, PROVIDER_ANSWER, RUN
from campaign_pipeline.storage.walking import Walking

ReferrerKind = Literal["lease", "run", "answer", "artifact"]


@dataclass(frozen=True, kw_only=True)
class Referrer:
    """A row and the digests that it names."""

    kind: ReferrerKind
    id: str
    tenant_id: str
    digests: tuple[ContentHash, ...]


class Referring(Walking):
    """What refers to bytes."""

    def referrers(self, *, behind: Horizon | None = None) -> Iterator[Referrer]:
        """Walk every row that names digests.

        Leases come first and artifacts last: a result that is published meanwhile goes from a lease to an artifact, and
        is seen in one of them.

        Args:
            behind: Leave out what a collection with this horizon would delete as expired.
        """
        spared = {} if behind is None else {table: ~gone for table, gone in expired_rows(behind).items()}
        yield from self.waiting_results(spared.get(LEASE))
        yield from self._of_runs()
        yield from self.kept_answers(spared.get(PROVIDER_ANSWER))
        yield from self._of_artifacts()

    def waiting_results(self, spared: ColumnElement[bool] | None = None) -> Iterator[Referrer]:
        """Walk the leases: a result that is not published yet waits in one."""
        leases = select(LEASE.c.lease_key, LEASE.c.tenant_id, LEASE.c.result)
        for row in self._walk(_only(leases, spared), LEASE.c.lease_key):
            result = row["result"] or {}
            named = [result.get("content_hash"), *digests_of(result.get("metadata") or {})]
            yield _referrer("lease", row, id_from=LEASE.c.lease_key, named=named)

    def _of_runs(self) -> Iterator[Referrer]:
        runs = select(RUN.c.id, RUN.c.tenant_id, RUN.c.trigger["files"].label("files"))
        for row in self._walk(runs, RUN.c.id):
            files = row["files"] or {}
            named = [file.get("content_hash") for file in files.values()]
            yield _referrer("run", row, id_from=RUN.c.id, named=named)

    def kept_answers(self, spared: ColumnElement[bool] | None = None) -> Iterator[Referrer]:
        """Walk the providers' answers."""
        kept = PROVIDER_ANSWER.c
        answers = select(kept.tenant_id, kept.request_hash, kept.content_hash)
        for row in self._walk(_only(answers, spared), kept.tenant_id, kept.request_hash):
            yield _referrer("answer", row, id_from=kept.request_hash, named=[row["content_hash"]])

    def _of_artifacts(self) -> Iterator[Referrer]:
        parts = (ARTIFACT.c.metadata[name].label(name) for name in ("references", "attachments"))
        artifacts = select(ARTIFACT.c.id, ARTIFACT.c.tenant_id, ARTIFACT.c.content_hash, *parts)
        for row in self._walk(artifacts, ARTIFACT.c.id):
            yield _referrer(
                "artifact", row, id_from=ARTIFACT.c.id, named=[row["content_hash"], *digests_of(row)]
            )


def digests_of(metadata: Mapping[Any, Any]) -> Iterator[Any]:
    """Name what an artifact needs besides its own bytes: references, and the files that are attached to it."""
    yield from metadata.get("references") or ()
    yield from (metadata.get("attachments") or {}).values()


def _only(rows: Select[Any], condition: ColumnElement[bool] | None) -> Select[Any]:
    return rows if condition is None else rows.where(condition)


def _referrer(kind: ReferrerKind, row: RowMapping, *, id_from: Column[Any], named: Iterable[Any]) -> Referrer:
    # What is spelled as no digest can name no bytes.
    digests = tuple(dict.fromkeys(digest for digest in named if is_content_hash(digest)))
    return Referrer(kind=kind, id=row[id_from], tenant_id=row["tenant_id"], digests=digests)
