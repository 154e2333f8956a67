"""Runs that have ended in Dagster, brought to their end in the ledger; where no step has told of one, it gets its rows.

Belongs here: paging through Dagster's ended runs, and handing each of ours to the builder; giving up those that Dagster
takes to be under way and no step has ever told of.
Does not belong here: when that is done (sensors, launch), or how such a run ends (building.reconciler).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import dagster as dg

from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.reconciler import ABANDONED_S
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.orchestration.history import UNDER_WAY
from campaign_pipeline.orchestration.run_scope import is_all_ours
from campaign_pipeline.orchestration.runs import order_on_record

RUNS_A_PAGE = 100

_ENDED_SHORT = (dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE)
"""Ends that a run can come to before any step; one that succeeded has told the ledger of every step."""

_OVERLAP = timedelta(minutes=1)
"""How far a look goes back behind the last: clocks differ, and what is recorded late carries an earlier time."""

RUNS_A_LOOK = 1000
"""More than anybody has under way for so long."""

_UNTOLD = (
    f"{ErrorCode.RUN_LOST.value}: no step of it has begun, and nothing was heard of it "
    f"for {ABANDONED_S // 3600} hours"
)

_log = logging.getLogger(__name__)
_FIRST_LOOK_BACK = timedelta(days=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class EndedRuns:
    """One page of Dagster's runs that were cancelled or failed, and where the next look begins."""

    records: list[dg.RunRecord]
    cursor: str

    @property
    def runs(self) -> list[dg.DagsterRun]:
        """The runs themselves."""
        return [record.dagster_run for record in self.records]

    @classmethod
    def after(cls, cursor: str | None, *, instance: dg.DagsterInstance) -> "EndedRuns":
        """Read the page behind a cursor; without one, what has ended within the last day."""
        since = _moment(cursor) or datetime.now(UTC) - _FIRST_LOOK_BACK
        limit = RUNS_A_PAGE
        records = _ended(instance, since=since, limit=limit)
        # More runs than a page may carry one and the same time: the next look would begin where this one did.
        while len(records) == limit and records[-1].update_timestamp - _TICK <= since:
            limit *= 2
            records = _ended(instance, since=since, limit=limit)
        reached = records[-1].update_timestamp if records else since
        # A full page goes on where it ended, several runs of one moment included; otherwise the looks overlap.
        onward = reached - (_TICK if len(records) == limit else _OVERLAP)
        return cls(records=list(records), cursor=max(since, onward).isoformat())


def _ended(instance: dg.DagsterInstance, *, since: datetime, limit: int) -> Sequence[dg.RunRecord]:
    return instance.get_run_records(
        filters=dg.RunsFilter(statuses=list(_ENDED_SHORT), updated_after=since),
        limit=limit,
        order_by="update_timestamp",
        ascending=True,
    )


def settle(builder: Builder, run: dg.DagsterRun, *, created_at: datetime | None = None) -> bool:
    """End a run in the ledger that has ended in Dagster, if it is one of ours; tell whether it was ended now.

    Args:
        created_at: When it was created, for the row of one that the ledger does not know; None is now.

    Raises:
        CampaignError: LEDGER_UNAVAILABLE.
    """
    order = order_on_record(run)
    try:
        return order is not None and builder.settle(replace(order, created_at=created_at))
    except CampaignError as error:
        if error.code is ErrorCode.LEDGER_UNAVAILABLE:
            raise
        # Looking at it again would not help, and would keep the sensor from all that came after it.
        _log.warning("run %s of Dagster's cannot be recorded: %s", run.run_id, error)
        return False


def settle_untold(builder: Builder, records: Sequence[dg.RunRecord]) -> int:
    """Settle those of some runs that the ledger knows nothing of; give how many were ours.

    What ended before everything that retention keeps stays unknown: a collection has taken it, or would at once.
    """
    known = builder.ledger.housekeeping("reconcile").known_runs(
        [record.dagster_run.run_id for record in records]
    )
    retention = builder.settings.retention
    kept_since = None if retention is None else datetime.now(UTC) - retention
    return sum(
        settle(builder, record.dagster_run, created_at=record.create_timestamp)
        for record in records
        if record.dagster_run.run_id not in known
        and (kept_since is None or record.update_timestamp > kept_since)
    )


def give_up_untold(builder: Builder, *, instance: dg.DagsterInstance) -> int:
    """Report as failed the runs of ours that no step has told of for a day; give how many.

    Nobody knows whether the process of such a run lives: the ledger has no row that would name it. With its end in
    Dagster it is found as an ended run, and gets its rows.
    """
    silent_since = datetime.now(UTC) - timedelta(seconds=ABANDONED_S)
    records = instance.get_run_records(
        filters=dg.RunsFilter(statuses=list(UNDER_WAY), updated_before=silent_since), limit=RUNS_A_LOOK
    )
    runs = [record.dagster_run for record in records if is_all_ours(record.dagster_run)]
    known = builder.ledger.housekeeping("reconcile").known_runs([run.run_id for run in runs]) if runs else ()
    given_up = [run for run in runs if run.run_id not in known and order_on_record(run) is not None]
    for run in given_up:
        instance.report_run_failed(run, message=_UNTOLD)
    return len(given_up)


def _moment(cursor: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(cursor or "")
    except ValueError:
        return None
