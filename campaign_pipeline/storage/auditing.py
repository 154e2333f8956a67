"""What an audit reads: runs as a whole, artifacts, reusable results and leases, of all tenants.

Belongs here: reading them in pages, each row together with what it must agree with, in one statement where both move.
Does not belong here: what is wrong with them (building.auditor).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping, Select, and_, select

from campaign_pipeline.storage.locked_rows import in_build_order
from campaign_pipeline.storage.portable_sql import first_of, utc_now
from campaign_pipeline.storage.records import ArtifactRecord, CacheRecord, RunRecord, StepRecord
from campaign_pipeline.storage.states import ACTIVE_RUN
from campaign_pipeline.storage.tables import ARTIFACT, LEASE, RUN, RUN_STEP, STEP_CACHE
from campaign_pipeline.storage.walking import Walking

_RUNS_A_PAGE = 100
_LEASE_MAY_LAG = timedelta(minutes=2)
"""How long after its run's end a lease may still be held: twice the time that it holds without a sign of life."""


@dataclass(frozen=True, kw_only=True)
class WholeRun:
    """A run with its steps, as one statement saw them, and the artifacts that they came to.

    Args:
        artifacts: By id, of whatever tenant; one that a step names and that is not here has no row.
    """

    run: RunRecord
    steps: Sequence[StepRecord]
    artifacts: dict[str, ArtifactRecord]


@dataclass(frozen=True, kw_only=True)
class LeftLease:
    """A lease that is still held for a run that ended a while ago."""

    key: str
    tenant_id: str
    subject: str
    run_id: str


class Auditing(Walking):
    """What an audit reads."""

    def whole_runs(self, run_ids: Sequence[str] | None = None) -> Iterator[WholeRun]:
        """Walk runs with all that belongs to them.

        Args:
            run_ids: Only these; None for all.
        """
        ids = select(RUN.c.id) if run_ids is None else select(RUN.c.id).where(RUN.c.id.in_(run_ids))
        page: list[str] = []
        for row in self._walk(ids, RUN.c.id):
            page.append(row["id"])
            if len(page) == _RUNS_A_PAGE:
                yield from self._whole(page)
                page = []
        if page:
            yield from self._whole(page)

    def _whole(self, run_ids: Sequence[str]) -> Iterator[WholeRun]:
        together = (
            select(RUN, RUN_STEP)
            .outerjoin_from(RUN, RUN_STEP, RUN_STEP.c.run_id == RUN.c.id)
            .where(RUN.c.id.in_(run_ids))
            .order_by(RUN.c.id)
        )
        rows = self._read_all(together)
        steps = [StepRecord.of(row) for row in rows if row[RUN_STEP.c.id] is not None]
        named = {artifact_id for step in steps for artifact_id in step.output_artifact_ids}
        found = self._read_all(select(ARTIFACT).where(ARTIFACT.c.id.in_(named)))
        artifacts = {row[ARTIFACT.c.id]: ArtifactRecord.of(row) for row in found}
        by_run = {run_id: list(own) for run_id, own in groupby(steps, key=lambda step: step.run_id)}
        for run in {row[RUN.c.id]: RunRecord.of(row) for row in rows}.values():
            own = in_build_order(by_run.get(run.id, []))
            ids = {artifact_id for step in own for artifact_id in step.output_artifact_ids}
            yield WholeRun(
                run=run, steps=own, artifacts={key: artifacts[key] for key in ids if key in artifacts}
            )

    def all_artifacts(self) -> Iterator[ArtifactRecord]:
        """Walk all artifacts."""
        for row in self._walk(select(ARTIFACT), ARTIFACT.c.id):
            yield ArtifactRecord.of(row)

    def has_artifact(self, artifact_id: str) -> bool:
        """Tell whether an artifact has a row now."""
        return bool(self._read_all(select(ARTIFACT.c.id).where(ARTIFACT.c.id == artifact_id)))

    def newest_result_like(self, step: StepRecord) -> ArtifactRecord | None:
        """Read what the newest of a campaign's steps came to that was asked the same as this one.

        What another provider made that stepped in is no such result: it lies under a key of its own.
        """
        is_result = ARTIFACT.c.id == first_of(RUN_STEP.c.output_artifact_ids)
        asked_the_same = [
            RUN_STEP.c[name] == getattr(step, name)
            for name in ("tenant_id", "campaign_id", "step_id", "input_hash")
        ]
        nobody_stepped_in = RUN_STEP.c.diagnostics["fallback"]["provider"].as_string().is_(None)
        results = select(ARTIFACT).join(RUN_STEP, is_result).where(*asked_the_same, nobody_stepped_in)
        found = self._read_all(results.order_by(RUN_STEP.c.completed_at.desc()).limit(1))
        return ArtifactRecord.of(found[0]) if found else None

    def cache_entries(self) -> Iterator[CacheRecord]:
        """Walk all reusable results with their artifacts, of whatever tenant those are."""
        is_result = ARTIFACT.c.id == first_of(STEP_CACHE.c.artifact_ids)
        expired = and_(STEP_CACHE.c.expires_at.is_not(None), STEP_CACHE.c.expires_at <= utc_now())
        made = select(
            STEP_CACHE, ARTIFACT, expired.label("expired"), RUN_STEP.c.duration_ms.label("made_in_ms")
        )
        made = made.outerjoin_from(STEP_CACHE, ARTIFACT, is_result).outerjoin(
            RUN_STEP, and_(RUN_STEP.c.run_id == ARTIFACT.c.run_id, RUN_STEP.c.step_id == STEP_CACHE.c.step_id)
        )
        for row in self._walk(made, STEP_CACHE.c.id):
            yield CacheRecord.of(row)

    def left_leases(self, run_ids: Sequence[str] | None = None) -> list[LeftLease]:
        """List leases that are held for runs that ended a while ago.

        Args:
            run_ids: Only of these runs; None for all.
        """
        left = (
            select(LEASE.c.lease_key, LEASE.c.tenant_id, LEASE.c.subject, LEASE.c.run_id)
            .add_columns(RUN.c.completed_at, utc_now().label("now"))
            .join(RUN, RUN.c.id == LEASE.c.run_id)
            .where(LEASE.c.holder.is_not(None), RUN.c.status.not_in(ACTIVE_RUN))
        )
        if run_ids is not None:
            left = left.where(LEASE.c.run_id.in_(run_ids))
        return [
            LeftLease(
                key=row["lease_key"],
                tenant_id=row["tenant_id"],
                subject=row["subject"],
                run_id=row["run_id"],
            )
            for row in self._walk(left, LEASE.c.lease_key)
            if row["completed_at"] is None or row["now"] - row["completed_at"] > _LEASE_MAY_LAG
        ]

    def _read_all(self, statement: Select[Any]) -> Sequence[RowMapping]:
        with self._read() as connection:
            return connection.execute(statement).mappings().all()
