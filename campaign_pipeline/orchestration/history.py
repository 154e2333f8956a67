"""Dagster's record of runs, as the reconciler reads it and adds to it.

Belongs here: where a Dagster run stands, why it failed, and reporting to Dagster how a lost one ended.
Does not belong here: what is concluded from it (building.reconciler).
"""

from collections.abc import Mapping, Sequence

import dagster as dg

from campaign_pipeline.building.run_history import RecordedRun, RunHistory, Standing
from campaign_pipeline.errors import ErrorCode
from campaign_pipeline.storage import Ending, RunStatus

_STANDINGS: Mapping[dg.DagsterRunStatus, Standing] = {
    dg.DagsterRunStatus.CANCELING: Standing.CANCELLING,
    dg.DagsterRunStatus.SUCCESS: Standing.COMPLETED,
    dg.DagsterRunStatus.FAILURE: Standing.FAILED,
    dg.DagsterRunStatus.CANCELED: Standing.CANCELLED,
}
"""Every other status is that of a run that goes on, or has yet to begin."""

_UNDER_WAY = frozenset(
    {dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING}
)
_FAILURE_REASON_TAG, _INTERRUPTED = "dagster/failure_reason", "UNEXPECTED_TERMINATION"


class DagsterHistory(RunHistory):
    """The record of one Dagster instance."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def look_up(self, run_ids: Sequence[str]) -> Mapping[str, RecordedRun]:
        """Tell where runs stand in Dagster."""
        records = self._instance.get_run_records(filters=dg.RunsFilter(run_ids=list(run_ids)))
        return {record.dagster_run.run_id: self._recorded(record.dagster_run) for record in records}

    def report(self, run_id: str, ending: Ending) -> None:
        """Report how a run ended that Dagster takes to be under way."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.status not in _UNDER_WAY:
            return
        if ending.status is RunStatus.CANCELLED:
            self._instance.report_run_canceled(run, message=ending.error)
        else:
            self._instance.report_run_failed(run, message=ending.error)

    def _recorded(self, run: dg.DagsterRun) -> RecordedRun:
        standing = _STANDINGS.get(run.status, Standing.LIVE)
        return RecordedRun(standing, self._why_failed(run) if standing is Standing.FAILED else "")

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


def _first_step_failure(event: dg.DagsterEvent) -> str | None:
    if event.event_specific_data is None:
        return None
    first = event.job_failure_data.first_step_failure_event
    told = first.step_failure_data.user_failure_data if first is not None else None
    return told.description if told is not None else None
