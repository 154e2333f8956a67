"""Runs that have not ended, whosever they are, and ending those that will not end by themselves.

Belongs here: listing them with what is known of their life, and ending one under its lock, its leases with it.
Does not belong here: how it is judged whether one is lost (building.reconciler), or signs of life (life).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, and_, delete, func, or_, select, update

from campaign_pipeline.storage.housekeeping_scope import HousekeepingScope
from campaign_pipeline.storage.locked_run import LockedRun
from campaign_pipeline.storage.portable_sql import storable_text, utc_now
from campaign_pipeline.storage.records import RunRecord
from campaign_pipeline.storage.states import ACTIVE_RUN, RunStatus
from campaign_pipeline.storage.tables import IS_ACTIVE_RUN, LEASE, RUN
from campaign_pipeline.storage.tenant_scope import canonical_id
from campaign_pipeline.storage.worker import Worker


@dataclass(frozen=True, kw_only=True)
class ActiveRun:
    """A run that has not ended, and what is known of its life.

    Args:
        now: The database's clock when it was read.
        lease_holders: Processes that hold leases for it which have not expired; known only under its lock.
    """

    run: RunRecord
    now: datetime
    lease_holders: tuple[Worker, ...] = ()

    @property
    def is_carried_on(self) -> bool:
        """Whether another process than the one last heard of works on it: it holds a lease, and is not gone."""
        return any(holder != self.run.worker and not holder.is_gone for holder in self.lease_holders)

    @property
    def seen_at(self) -> datetime:
        """Its last sign of life."""
        return self.run.heartbeat_at or self.run.created_at

    @property
    def silent_s(self) -> float:
        """How long that was ago, by the database's clock."""
        return (self.now - self.seen_at).total_seconds()


@dataclass(frozen=True, kw_only=True)
class EndedRun:
    """A run that has ended.

    Args:
        ended_s: How long ago, by the database's clock.
    """

    run: RunRecord
    ended_s: float


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run ends that will not end by itself.

    Args:
        worked_until: When work on it stopped, as far as that is known; None is now.
    """

    status: Literal[RunStatus.FAILED, RunStatus.CANCELLED]
    error: str
    worked_until: datetime | None = None


Judge = Callable[[ActiveRun], Ending | None]
"""Tells how a run ends, or that it does not: None."""


class Reconciling(HousekeepingScope):
    """Runs of all tenants that have not ended."""

    def active_runs(self, *, limit: int, after: ActiveRun | None = None) -> list[ActiveRun]:
        """List runs that have not ended, those that were silent longest first: one that lives moves to the end.

        Args:
            after: Begin behind this one.
        """
        seen_at = func.coalesce(RUN.c.heartbeat_at, RUN.c.created_at)
        runs = _active_runs().order_by(seen_at, RUN.c.id).limit(limit)
        if after is not None:
            later = seen_at > after.seen_at
            runs = runs.where(or_(later, and_(seen_at == after.seen_at, RUN.c.id > after.run.id)))
        return self._active(runs)

    def active_run(self, run_id: str) -> ActiveRun | None:
        """Find a run that has not ended."""
        found = self._active(_active_runs().where(RUN.c.id == canonical_id(run_id, name="run_id")))
        return found[0] if found else None

    def known_runs(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Tell which of some runs have a row."""
        with self._read() as connection:
            return frozenset(connection.scalars(select(RUN.c.id).where(RUN.c.id.in_(run_ids))))

    def ended_runs(self, run_ids: Sequence[str]) -> list[EndedRun]:
        """Find those of some runs that have ended."""
        ended = select(RUN, utc_now().label("now")).where(
            RUN.c.id.in_(run_ids), RUN.c.status.not_in(list(ACTIVE_RUN))
        )
        with self._read() as connection:
            rows = connection.execute(ended).mappings().all()
        return [
            EndedRun(run=RunRecord.of(row), ended_s=(row["now"] - row["completed_at"]).total_seconds())
            for row in rows
        ]

    def end_run(self, run: RunRecord, *, judge: Judge) -> RunRecord | None:
        """End a run that was judged lost or cancelled; judged again under its lock, for it may have moved on since.

        Running steps fail and pending ones are skipped, with the reason. Its leases are free at once; what was produced
        under them stays, to be taken over. A run of which no step is pending or running ends as its steps did.

        Returns:
            None where the run has ended already, or is not to end.
        """
        with self._write() as connection:
            locked = LockedRun.take(connection, tenant_id=run.tenant_id, run_id=run.id)
            if locked.run.status not in ACTIVE_RUN:
                return None
            holders = _lease_holders(connection, run.id)
            ending = judge(ActiveRun(run=locked.run, now=locked.now, lease_holders=holders))
            if ending is None:
                return None
            locked.end_if_done()
            if locked.run.status in ACTIVE_RUN:
                words = storable_text(ending.error)
                locked.end(ending.status, error=words, worked_until=ending.worked_until)
            locked.save()
            _release_leases(connection, run.id)
            return locked.run

    def _active(self, runs: Select[Any]) -> list[ActiveRun]:
        with self._read() as connection:
            rows = connection.execute(runs).mappings().all()
        return [ActiveRun(run=RunRecord.of(row), now=row["now"]) for row in rows]


def _active_runs() -> Select[Any]:
    return select(RUN, utc_now().label("now")).where(IS_ACTIVE_RUN)


def _lease_holders(connection: Connection, run_id: str) -> tuple[Worker, ...]:
    held = select(LEASE.c.worker_host, LEASE.c.worker_pid, LEASE.c.worker_start_ticks).where(
        LEASE.c.run_id == run_id, LEASE.c.holder.is_not(None), LEASE.c.expires_at > utc_now()
    )
    found = [
        Worker.named(host=host, pid=pid, start_ticks=ticks) for host, pid, ticks in connection.execute(held)
    ]
    return tuple(holder for holder in found if holder is not None)


def _release_leases(connection: Connection, run_id: str) -> None:
    of_run = LEASE.c.run_id == run_id
    connection.execute(delete(LEASE).where(of_run, LEASE.c.result.is_(None)))
    # Nobody need produce again what waits here: whoever wants it next takes it over.
    connection.execute(update(LEASE).where(of_run).values(holder=None, expires_at=None))
