"""Ending the runs that will not end by themselves: cancelled, killed, interrupted, lost with their machine.

Belongs here: who decides, and in which words.
Does not belong here: ending one (storage.reconciling), Dagster's record (orchestration.history), or who wakes this.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from campaign_pipeline.building.run_history import RecordedRun, RunHistory, Standing
from campaign_pipeline.errors import ErrorCode
from campaign_pipeline.storage import ActiveRun, Ending, Ledger, RunStatus
from campaign_pipeline.storage.leases import LEASE_S
from campaign_pipeline.storage.worker import Worker, this_worker

RUNS_A_PASS = 100
"""How many runs a pass looks at; those that were silent longest come first, so the next pass sees the others."""

ABANDONED_S = 24 * 60 * 60
"""How long a run may wait for a process to take it up while its launcher says that it is going on."""

_log = logging.getLogger(__name__)


class Reconciler:
    """Brings runs to their true terminal state, of whatever tenant they are.

    The launcher's record decides where it is terminal; otherwise life does. It may be done at any time, by many at
    once: a run is judged under its lock, and one that has ended stays as it is.
    """

    def __init__(self, ledger: Ledger, history: RunHistory) -> None:
        self._ledger = ledger.housekeeping("reconcile")
        self._history = history

    def reconcile(self, *, spared: Collection[str] = ()) -> int:
        """Look at runs that have not ended and end those that are over, as many as a pass may take.

        Args:
            spared: Runs that the caller works on.

        Returns:
            How many were ended.
        """
        runs = [run for run in self._ledger.active_runs(limit=RUNS_A_PASS) if run.run.id not in spared]
        return self._end_those_that_are_over(runs)

    def settle(self, run_id: str) -> bool:
        """Look at one run, and tell whether it was ended."""
        run = self._ledger.active_run(run_id)
        return run is not None and self._end_those_that_are_over([run]) == 1

    def end(self, run_id: str, ending: Ending) -> None:
        """End a run as the caller says, without a judge: it is the caller's own."""
        run = self._ledger.active_run(run_id)
        if run is not None:
            self._ledger.end_run(run.run, judge=lambda _: ending)

    def try_to_reconcile(self, *, spared: Collection[str] = ()) -> None:
        """Reconcile on the way to something else, which nothing that goes wrong here may stop."""
        _try(lambda: self.reconcile(spared=spared))

    def try_to_settle(self, run_id: str) -> None:
        """Settle a run on the way out, which nothing that goes wrong here may change."""
        _try(lambda: self.settle(run_id))

    def try_to_end(self, run_id: str, ending: Ending) -> None:
        """End a run on the way out, which nothing that goes wrong here may change."""
        _try(lambda: self.end(run_id, ending))

    def finds_any_lost(self) -> bool:
        """Tell, without asking the launcher's record, whether there is a run that seems to be over."""
        runs = self._ledger.active_runs(limit=RUNS_A_PASS)
        return any(judge(run, None) is not None for run in runs)

    def _end_those_that_are_over(self, runs: list[ActiveRun]) -> int:
        if not runs:
            return 0
        recorded = self._history.look_up([run.run.id for run in runs])
        return sum(self._end(run, recorded) for run in runs)

    def _end(self, run: ActiveRun, recorded: Mapping[str, RecordedRun]) -> bool:
        run_id = run.run.id
        record = recorded.get(run_id)
        if judge(run, record) is None:
            return False
        ended = self._ledger.end_run(
            run.run,
            judge=lambda now: judge(now, record),
            announce=lambda ending: self._history.report(run_id, ending),
        )
        return ended is not None


def _try(act: Callable[[], object]) -> None:
    try:
        act()
    except Exception:  # noqa: BLE001  whatever it is, it is no trouble of what the caller is about
        _log.warning(
            "runs that are over could not be ended; the next start of anything tries again", exc_info=True
        )


def judge(run: ActiveRun, record: RecordedRun | None) -> Ending | None:
    """Tell how a run ends that has not ended in the ledger; None where it goes on.

    Args:
        record: What its launcher has recorded of it; None where it knows nothing.
    """
    if record is not None and record.standing not in {Standing.LIVE, Standing.CANCELLING}:
        return _as_recorded(record)
    loss = _loss(run, record)
    if loss is None:
        return None
    if record is not None and record.standing is Standing.CANCELLING:
        ending = _cancelled(f"it was being cancelled, and {loss}")
    else:
        ending = _lost(loss)
    return replace(ending, worked_until=run.seen_at)


def _as_recorded(record: RecordedRun) -> Ending:
    if record.standing is Standing.CANCELLED:
        return _cancelled("the run was cancelled in Dagster")
    if record.standing is Standing.COMPLETED:
        return _lost("Dagster has recorded a success, and steps of the run never came to a result")
    if record.reason.partition(": ")[0] in ErrorCode.__members__:
        return Ending(status=RunStatus.FAILED, error=record.reason)
    return _lost(f"Dagster has recorded a failure: {record.reason}")


def _loss(run: ActiveRun, record: RecordedRun | None) -> str | None:
    """Say why a run is lost; None while it may live."""
    worker, since = run.worker, f"since {_spelled(run.seen_at)}"
    if worker is None:
        # Between two processes of one run its launcher is the only one who knows that it goes on.
        patience_s = LEASE_S if record is None else ABANDONED_S
        return f"no process has worked on it {since}" if run.silent_s > patience_s else None
    if worker.is_gone:
        return (
            f"{_named(worker)}, which worked on it, is gone; it was last heard of at {_spelled(run.seen_at)}"
        )
    if worker.is_alive or worker == _ourselves() or run.silent_s <= LEASE_S:
        return None
    return f"{_named(worker)}, which worked on it, has not been heard of {since}, and {LEASE_S} s are allowed"


def _lost(reason: str) -> Ending:
    return Ending(status=RunStatus.FAILED, error=f"{ErrorCode.RUN_LOST.value}: {reason}")


def _cancelled(reason: str) -> Ending:
    return Ending(status=RunStatus.CANCELLED, error=f"{ErrorCode.CANCELLED.value}: {reason}")


def _ourselves() -> Worker:
    """Name this process as a run's row does, where it may be the only one who knows that it lives."""
    ours = this_worker()
    return Worker(host=ours.host, pid=ours.pid, start_ticks=ours.start_ticks)


def _named(worker: Worker) -> str:
    return f"process {worker.pid} on {worker.host}"


def _spelled(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
