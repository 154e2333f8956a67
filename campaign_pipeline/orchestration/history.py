"""Dagster's record of runs, as the reconciler reads it and adds to it.

Belongs here: where a Dagster run stands, why it failed, and reporting to Dagster how a lost one ended.
Does not belong here: what is concluded from it (building.reconciler).
"""

import logging
from collections.abc import Mapping, Sequence

import dagster as dg

from campaign_pipeline.building.run_history import RecordedRun, RunHistory, Standing
from campaign_pipeline.errors import ErrorCode
from campaign_pipeline.orchestration.run_scope import is_all_ours, steps_on_record
from campaign_pipeline.storage import Ending, RunStatus

_log = logging.getLogger(__name__)

_STANDINGS: Mapping[dg.DagsterRunStatus, Standing] = {
    dg.DagsterRunStatus.CANCELING: Standing.CANCELLING,
    dg.DagsterRunStatus.SUCCESS: Standing.COMPLETED,
    dg.DagsterRunStatus.FAILURE: Standing.FAILED,
    dg.DagsterRunStatus.CANCELED: Standing.CANCELLED,
}
"""Every other status is that of a run that goes on, or has yet to begin."""

UNDER_WAY = frozenset(
    {dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING}
)
_RUNS_UNDER_WAY = 1000
"""More than anybody has at once; only their ids are read."""

_COMPLETE = "The ledger has this run as completed; its process ended before it could report that here."
_CUT_OFF = (
    f"{ErrorCode.RUN_LOST.value}: the ledger has this run as completed, with all of its artifacts; its process ended "
    "before all of that was reported here. The next build reuses them and reports them"
)

_FAILURE_REASON_TAG, _INTERRUPTED = "dagster/failure_reason", "UNEXPECTED_TERMINATION"


class DagsterHistory(RunHistory):
    """The record of one Dagster instance."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def look_up(self, run_ids: Sequence[str]) -> Mapping[str, RecordedRun]:
        """Tell where runs stand in Dagster."""
        wanted = dg.RunsFilter(run_ids=list(run_ids))
        try:
            runs = self._instance.get_runs(filters=wanted)
        except Exception:  # noqa: BLE001  whatever Dagster raises for a record that is damaged, or of another release
            # Counting reads no record: where that fails too, the storage is away, and none of them is to blame.
            self._instance.get_runs_count(wanted)
            return self._look_up_each(run_ids)
        return {run.run_id: self._recorded(run) for run in runs}

    def _look_up_each(self, run_ids: Sequence[str]) -> Mapping[str, RecordedRun]:
        found: dict[str, RecordedRun] = {}
        for run_id in run_ids:
            try:
                run = self._instance.get_run_by_id(run_id)
            except Exception:  # noqa: BLE001  as above; the others can be read
                found[run_id] = _unreadable(run_id)
            else:
                found |= {} if run is None else {run_id: self._recorded(run)}
        return found

    def under_way(self) -> Sequence[str]:
        """Name the runs that Dagster takes to be under way, the newest first, as many as anybody would have."""
        return self._instance.get_run_ids(
            filters=dg.RunsFilter(statuses=list(UNDER_WAY)), limit=_RUNS_UNDER_WAY
        )

    def report(self, run_id: str, ending: Ending) -> None:
        """Report how a run ended that Dagster takes to be under way."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.status not in UNDER_WAY:
            return
        if ending.status is RunStatus.CANCELLED:
            self._instance.report_run_canceled(run, message=ending.error)
        else:
            self._instance.report_run_failed(run, message=ending.error)

    def close(self, run_id: str, ending: Ending | None) -> None:
        """Report how a run ended that nobody works on any more; one with others' assets is left to whoever runs those.

        A completed run is a success where Dagster knows it of every step. Elsewhere its record was cut off before: that
        is told as a failure, for a success would deny that materializations are missing.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.status not in UNDER_WAY or not is_all_ours(run):
            return
        if ending is not None:
            self.report(run_id, ending)
        elif self._knows_every_success(run):
            event = dg.DagsterEvent(
                event_type_value=dg.DagsterEventType.RUN_SUCCESS.value,
                job_name=run.job_name,
                message=_COMPLETE,
            )
            self._instance.report_dagster_event(event, run_id=run_id)
        else:
            self._instance.report_run_failed(run, message=_CUT_OFF)

    def _knows_every_success(self, run: dg.DagsterRun) -> bool:
        found = self._instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.STEP_SUCCESS
        ).records
        return set(steps_on_record(run)) <= {record.event_log_entry.step_key for record in found}

    def _recorded(self, run: dg.DagsterRun) -> RecordedRun:
        standing = _STANDINGS.get(run.status, Standing.LIVE)
        if standing is not Standing.FAILED:
            return RecordedRun(standing)
        try:
            return RecordedRun(standing, self._why_failed(run))
        except Exception:  # noqa: BLE001  as above: what cannot be read of one run says nothing of another
            return _unreadable(run.run_id)

    def _why_failed(self, run: dg.DagsterRun) -> str:
        """Find the words of the step that failed first, or else those of the run's own failure."""
        found = self._instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE, limit=1, ascending=False
        ).records
        event = found[0].event_log_entry.dagster_event if found else None
        if event is None:
            return "no reason is given"
        told = _first_step_failure(event) or event.message or "no reason is given"
        if run.tags.get(_FAILURE_REASON_TAG) == _INTERRUPTED:
            return f"{ErrorCode.CANCELLED.value}: {told}"
        return told


def _unreadable(run_id: str) -> RecordedRun:
    """Take a run to be going on, as far as Dagster is asked: its process, or its silence, decides."""
    _log.warning("run %s: what Dagster has recorded of it cannot be read", run_id, exc_info=True)
    return RecordedRun(Standing.LIVE)


def _first_step_failure(event: dg.DagsterEvent) -> str | None:
    if event.event_specific_data is None:
        return None
    first = event.job_failure_data.first_step_failure_event
    told = first.step_failure_data.user_failure_data if first is not None else None
    return told.description if told is not None else None
