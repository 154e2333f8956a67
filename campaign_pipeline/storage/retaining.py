"""Retention: what is kept of runs that ended long ago.

Belongs here: which runs are past, which artifacts something still refers to, trimming, and removing.
Does not belong here: what has expired by itself (collecting), and the order in which things go (building.collector).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, false, or_, select, update

from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.storage.collecting import Horizon, expired_rows
from campaign_pipeline.storage.compact_set import CompactSet
from campaign_pipeline.storage.descent import Needed, needed_by_active
from campaign_pipeline.storage.locked_run import EMPTY_CONTEXT
from campaign_pipeline.storage.portable_sql import utc_now
from campaign_pipeline.storage.records import TRIMMED_AT
from campaign_pipeline.storage.states import ACTIVE_RUN, RunStatus, RunStepStatus
from campaign_pipeline.storage.tables import ARTIFACT, LEASE, PROVIDER_CALL, RUN, RUN_STEP, STEP_CACHE
from campaign_pipeline.storage.walking import PAGE_ROWS, Walking

_TERMINAL = [status for status in RunStatus if status not in ACTIVE_RUN]


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """A run that ended long ago, and was neither its campaign's last word nor anybody's base.

    Args:
        is_trimmed: Whether its context and diagnostics are gone already.
        must_stay: Its row is needed: its campaign's age is counted from it, or a result of it waits to be taken over.
        artifact_ids: What it made and is still in the table.
    """

    id: str
    is_trimmed: bool
    must_stay: bool
    artifact_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What of past runs goes: ids."""

    trimmed: Sequence[str] = ()
    artifacts: Sequence[str] = ()
    runs: Sequence[str] = ()


class Retaining(Walking):
    """Runs that ended long ago, of all tenants or of one."""

    def bases(self, horizon: Horizon) -> Iterator[str]:
        """Name the runs that something recent is based on, and the first ones of chains that something recent is in."""
        based = or_(RUN.c.base_run_id.is_not(None), RUN.c.root_run_id != RUN.c.id)
        recent = select(RUN.c.id, RUN.c.base_run_id, RUN.c.root_run_id).where(
            based, or_(RUN.c.status.in_(ACTIVE_RUN), RUN.c.completed_at >= horizon.past_before)
        )
        for row in self._walk(recent.where(horizon.of_tenant(RUN)), RUN.c.id):
            yield row["root_run_id"]
            if row["base_run_id"] is not None:
                yield row["base_run_id"]

    def referred_artifacts(self, horizon: Horizon, *, bases: CompactSet) -> Iterator[str]:
        """Name the artifacts that a live entry or a step of a run that is not past refers to; some more than once."""
        expired = expired_rows(horizon)[STEP_CACHE]
        entries = select(STEP_CACHE.c.id, STEP_CACHE.c.artifact_ids, expired.label("expired"))
        for row in self._walk(entries.where(horizon.of_tenant(STEP_CACHE)), STEP_CACHE.c.id):
            if not row["expired"]:
                yield from row["artifact_ids"]
        steps = (
            select(RUN_STEP.c.id, RUN_STEP.c.output_artifact_ids, RUN.c.root_run_id)
            .add_columns(RUN.c.id.label("run"), _is_past(horizon).label("past"))
            .join(RUN, RUN.c.id == RUN_STEP.c.run_id)
            .where(horizon.of_tenant(RUN))
        )
        for row in self._walk(steps, RUN_STEP.c.id):
            if not row["past"] or row["run"] in bases or row["root_run_id"] in bases:
                yield from row["output_artifact_ids"]

    def past_runs(self, horizon: Horizon, *, bases: CompactSet) -> Iterator[list[PastRun]]:
        """Walk the past runs, a page at a time."""
        trimmed = ~exists().where(RUN_STEP.c.run_id == RUN.c.id, ~_is_trimmed())
        has_lease = exists().where(LEASE.c.run_id == RUN.c.id, ~expired_rows(horizon)[LEASE])
        runs = (
            select(RUN.c.id, RUN.c.root_run_id, trimmed.label("trimmed"))
            .add_columns(or_(has_lease, _is_first()).label("must_stay"))
            .where(_is_past(horizon), horizon.of_tenant(RUN))
        )
        page: list[Any] = []
        for row in self._walk(runs, RUN.c.id):
            if row["id"] not in bases and row["root_run_id"] not in bases:
                page.append(row)
            if len(page) == PAGE_ROWS:
                yield self._with_artifacts(page)
                page = []
        if page:
            yield self._with_artifacts(page)

    def _with_artifacts(self, rows: Sequence[Any]) -> list[PastRun]:
        made: dict[str, list[str]] = {row["id"]: [] for row in rows}
        with self._read() as connection:
            of_runs = select(ARTIFACT.c.id, ARTIFACT.c.run_id).where(ARTIFACT.c.run_id.in_(made))
            for artifact_id, run_id in connection.execute(of_runs):
                made[run_id].append(artifact_id)
        return [
            PastRun(
                id=row["id"],
                is_trimmed=bool(row["trimmed"]),
                must_stay=bool(row["must_stay"]),
                artifact_ids=tuple(made[row["id"]]),
            )
            for row in rows
        ]

    def remove(self, removal: Removal) -> Removal:
        """Trim and remove what of past runs is to go, in one transaction, and tell what went.

        What a run has come to begin from since they were looked at stays, and so does a run that a lease has come to
        refer to.
        """
        with self._write() as connection:
            removal = _less(removal, needed_by_active(connection))
            # Locked in one order, so that two collections cannot wait for each other.
            locked = select(RUN.c.id).where(RUN.c.id.in_([*removal.trimmed, *removal.runs]))
            connection.execute(locked.order_by(RUN.c.id).with_for_update()).all()
            gone = connection.scalars(
                delete(ARTIFACT).where(ARTIFACT.c.id.in_(removal.artifacts)).returning(ARTIFACT.c.id)
            ).all()
            return Removal(
                trimmed=_trim(connection, removal.trimmed),
                artifacts=gone,
                runs=_drop(connection, removal.runs),
            )


def _less(removal: Removal, needed: Needed) -> Removal:
    return Removal(
        trimmed=[key for key in removal.trimmed if key not in needed.runs],
        artifacts=[key for key in removal.artifacts if key not in needed.artifacts],
        runs=[key for key in removal.runs if key not in needed.runs],
    )


def _trim(connection: Connection, run_ids: Sequence[str]) -> Sequence[str]:
    now: datetime = connection.scalars(select(utc_now())).one()
    note = {TRIMMED_AT: now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")}
    steps = update(RUN_STEP).where(RUN_STEP.c.run_id.in_(run_ids), ~_is_trimmed())
    trimmed = connection.scalars(steps.values(diagnostics=note).returning(RUN_STEP.c.run_id)).all()
    connection.execute(update(RUN).where(RUN.c.id.in_(run_ids)).values(context=EMPTY_CONTEXT))
    return sorted(set(trimmed))


def _drop(connection: Connection, run_ids: Sequence[str]) -> Sequence[str]:
    referred = or_(exists().where(ARTIFACT.c.run_id == RUN.c.id), exists().where(LEASE.c.run_id == RUN.c.id))
    free = connection.scalars(select(RUN.c.id).where(RUN.c.id.in_(run_ids), ~referred)).all()
    connection.execute(delete(RUN_STEP).where(RUN_STEP.c.run_id.in_(free)))
    # The first run of a chain goes when nothing recent is in it.
    connection.execute(delete(PROVIDER_CALL).where(PROVIDER_CALL.c.root_run_id.in_(free)))
    connection.execute(delete(RUN).where(RUN.c.id.in_(free)))
    return free


def _is_trimmed() -> ColumnElement[bool]:
    note: ColumnElement[str] = RUN_STEP.c.diagnostics[TRIMMED_AT].as_string()
    return note.is_not(None)


def _is_past(horizon: Horizon) -> ColumnElement[bool]:
    """Tell a run that ended long ago from those that are kept: a campaign's last word, as a whole or on any step."""
    if horizon.past_before is None:
        return false()
    newer, step, later = RUN.alias("newer"), RUN_STEP.alias("result"), RUN_STEP.alias("later")
    is_newest = ~exists().where(
        newer.c.tenant_id == RUN.c.tenant_id,
        newer.c.campaign_id == RUN.c.campaign_id,
        newer.c.created_at > RUN.c.created_at,
        newer.c.status == RunStatus.COMPLETED,
    )
    has_later = exists().where(
        later.c.tenant_id == step.c.tenant_id,
        later.c.campaign_id == step.c.campaign_id,
        later.c.step_id == step.c.step_id,
        later.c.completed_at > step.c.completed_at,
        _has_result(later),
    )
    has_newest_result = exists().where(step.c.run_id == RUN.c.id, _has_result(step), ~has_later)
    return and_(
        RUN.c.status.in_(_TERMINAL),
        RUN.c.completed_at < horizon.past_before,
        ~and_(RUN.c.status == RunStatus.COMPLETED, is_newest),
        ~has_newest_result,
    )


def _is_first() -> ColumnElement[bool]:
    """Tell the first run that came to its campaign's manifest: the manifest says since when there is a campaign."""
    first, step, other = RUN.alias("earlier"), RUN_STEP.alias("manifest"), RUN_STEP.alias("earlier_manifest")
    manifest = STEPS[-1].step_id
    has_manifest = exists().where(step.c.run_id == RUN.c.id, step.c.step_id == manifest, _has_result(step))
    has_earlier = exists().where(
        first.c.tenant_id == RUN.c.tenant_id,
        first.c.campaign_id == RUN.c.campaign_id,
        first.c.created_at < RUN.c.created_at,
        first.c.id == other.c.run_id,
        other.c.step_id == manifest,
        _has_result(other),
    )
    return and_(has_manifest, ~has_earlier)


def _has_result(step: Any) -> ColumnElement[bool]:
    return or_(step.c.status == RunStepStatus.COMPLETED, step.c.cache_hit)
