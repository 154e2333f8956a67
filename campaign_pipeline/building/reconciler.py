"""Ending the runs that will not end by themselves: cancelled, killed, interrupted, lost with their machine.

Belongs here: who decides, and in which words.
Does not belong here: ending one (storage.reconciling), Dagster's record (orchestration.history), or who wakes this.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from campaign_pipeline.building.run_history import RecordedRun, RunHistory, Standing
from campaign_pipeline.errors import ErrorCode
from campaign_pipeline.storage import ActiveRun, Ending, Ledger, RunRecord, RunStatus
from campaign_pipeline.storage.leases import LEASE_S
from campaign_pipeline.storage.reconciling import EndedRun
from campaign_pipeline.storage.worker import Worker, this_worker

RUNS_A_PAGE, PAGES_A_PASS = 100, 10
"""How many runs are read at once, and how often in a pass: those that were silent longest first.

One that lives moves to the end with each beat. One that waits for a process does not: only as many of those as a pass
looks at could keep it from the others.
"""

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
        ended = sum(
            self._end_those_that_are_over([run for run in page if run.run.id not in spared])
            for page in self._pages()
        )
        self._report_again(spared)
        return ended

    def settle(self, run_id: str) -> bool:
        """Look at one run, and tell whether it was ended."""
        run = self._ledger.active_run(run_id)
        return run is not None and self._end_if_over(run, self._history.look_up([run_id]).get(run_id))

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
        return any(judge(run, None) is not None for page in self._pages() for run in page)

    def _pages(self) -> Iterator[list[ActiveRun]]:
        """Read the runs of one pass, page after page."""
        last = None
        for _ in range(PAGES_A_PASS):
            page = self._ledger.active_runs(limit=RUNS_A_PAGE, after=last)
            yield page
            if len(page) < RUNS_A_PAGE:
                return
            last = page[-1]

    def _end_those_that_are_over(self, runs: list[ActiveRun]) -> int:
        if not runs:
            return 0
        recorded = self._history.look_up([run.run.id for run in runs])
        return sum(self._try_to_end_if_over(run, recorded.get(run.run.id)) for run in runs)

    def _try_to_end_if_over(self, run: ActiveRun, record: RecordedRun | None) -> bool:
        try:
            return self._end_if_over(run, record)
        except Exception:  # noqa: BLE001  whatever it is, it is no reason to leave the runs behind this one
            _log.warning(
                "run %s could not be ended; the next start of anything tries again", run.run.id, exc_info=True
            )
            return False

    def _end_if_over(self, run: ActiveRun, record: RecordedRun | None) -> bool:
        if judge(run, record) is None:
            return False
        ended = self._ledger.end_run(run.run, judge=lambda now: judge(now, record))
        if ended is None:
            return False
        # After the commit: while Dagster is told, which may take its time, nobody waits for the ledger.
        self._report(ended)
        return True

    def _report(self, ended: RunRecord) -> None:
        """Report a run that was ended here, unless there is somebody to report it himself."""
        ending = _ending_of(ended)
        if ending is not None and (ended.worker is None or not ended.worker.is_alive):
            _try_to_tell(ended.id, lambda: self._history.report(ended.id, ending))

    def _report_again(self, spared: Collection[str]) -> None:
        """Report runs that ended and were not reported: whoever was to do it came to its own end before."""
        under_way = [run_id for run_id in self._history.under_way() if run_id not in spared]
        for ended in self._ledger.ended_runs(under_way) if under_way else ():
            if _is_left(ended):
                run = ended.run
                _try_to_tell(run.id, partial(self._history.close, run.id, _ending_of(run)))


def _try_to_tell(run_id: str, tell: Callable[[], None]) -> None:
    try:
        tell()
    except Exception:  # noqa: BLE001  it has ended, and the runs behind it are to end too
        _log.warning(
            "run %s has ended, and its launcher could not be told; the next pass tries again",
            run_id,
            exc_info=True,
        )


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
    worker, since = run.run.worker, f"since {_spelled(run.seen_at)}"
    if worker is None:
        # Between two processes of one run its launcher is the only one who knows that it goes on.
        patience_s = LEASE_S if record is None else ABANDONED_S
        return f"no process has worked on it {since}" if run.silent_s > patience_s else None
    if worker.is_gone:
        if run.is_carried_on:
            return None
        return (
            f"{_named(worker)}, which worked on it, is gone; it was last heard of at {_spelled(run.seen_at)}"
        )
    if worker.is_alive or worker == this_worker() or run.silent_s <= LEASE_S:
        return None
    return f"{_named(worker)}, which worked on it, has not been heard of {since}, and {LEASE_S} s are allowed"


def _lost(reason: str) -> Ending:
    return Ending(status=RunStatus.FAILED, error=f"{ErrorCode.RUN_LOST.value}: {reason}")


def _cancelled(reason: str) -> Ending:
    return Ending(status=RunStatus.CANCELLED, error=f"{ErrorCode.CANCELLED.value}: {reason}")


def _ending_of(run: RunRecord) -> Ending | None:
    """Word for its launcher how a run ended; None where it completed."""
    if run.error is None:
        return None
    if run.status is RunStatus.CANCELLED:
        return Ending(status=RunStatus.CANCELLED, error=run.error)
    return Ending(status=RunStatus.FAILED, error=run.error)


def _is_left(ended: EndedRun) -> bool:
    """Whether nobody is there any more who could still report a run that has ended."""
    worker = ended.run.worker
    if worker is not None and (worker.is_gone or worker.is_alive or worker == this_worker()):
        return worker.is_gone
    return ended.ended_s > LEASE_S


def _named(worker: Worker) -> str:
    return f"process {worker.pid} on {worker.host}"


def _spelled(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
