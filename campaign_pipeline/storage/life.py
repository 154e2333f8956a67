"""Signs of life: which process works on a run, and when it was last heard of.

Belongs here: writing a process's name and the time onto a run that has not ended, and taking them off again.
Does not belong here: what tells processes apart (worker), or what follows when one is heard of no more (reconciling).
"""

from typing import Any

from sqlalchemy import ColumnElement, Update, update

from campaign_pipeline.storage.portable_sql import utc_now
from campaign_pipeline.storage.states import ACTIVE_RUN
from campaign_pipeline.storage.tables import RUN
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id
from campaign_pipeline.storage.worker import Worker, this_worker


class LifeLedger(TenantScope):
    """A tenant's runs, as the process that works on them shows that it lives."""

    def beat(self, run_id: str) -> bool:
        """Show that this process works on a run; False where the run has ended, or there is none."""
        beat = self._change_of(run_id).values(heartbeat_at=utc_now(), **worker_columns(this_worker()))
        with self._write() as connection:
            return connection.execute(beat).rowcount == 1

    def step_back(self, run_id: str) -> bool:
        """Take this process's name off a run: it ends its part, and another process may go on.

        Returns:
            Whether the run waits for another process now; False where it has ended, or one works on it already.
        """
        leave = (
            self._change_of(run_id).where(*_is_ours()).values(heartbeat_at=utc_now(), **worker_columns(None))
        )
        with self._write() as connection:
            return connection.execute(leave).rowcount == 1

    def _change_of(self, run_id: str) -> Update:
        wanted = RUN.c.id == canonical_id(run_id, name="run_id")
        return update(RUN).where(wanted, RUN.c.tenant_id == self.tenant_id, RUN.c.status.in_(ACTIVE_RUN))


def worker_columns(worker: Worker | None) -> dict[str, Any]:
    """Name a process in a run's columns; None is nobody."""
    return {
        "worker_host": worker and worker.host,
        "worker_pid": worker and worker.pid,
        "worker_started_at": worker and worker.started_at,
        "worker_start_ticks": worker and worker.start_ticks,
    }


def _is_ours() -> tuple[ColumnElement[bool], ...]:
    worker = this_worker()
    return (
        RUN.c.worker_host == worker.host,
        RUN.c.worker_pid == worker.pid,
        RUN.c.worker_start_ticks.is_not_distinct_from(worker.start_ticks),
    )
