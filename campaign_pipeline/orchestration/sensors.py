"""What happens without being asked for.

Belongs here: sensors that keep Dagster's view of the campaigns in step with the folder of briefs, and those that keep
the ledger's runs in step with Dagster's.
Does not belong here: anything that starts work that costs money.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from campaign_pipeline.building.brief_file import list_campaigns
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.orchestration.ended_runs import EndedRuns, give_up_untold, settle, settle_untold
from campaign_pipeline.orchestration.history import DagsterHistory
from campaign_pipeline.orchestration.partitions import register
from campaign_pipeline.settings import Settings


@dg.sensor(
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Makes every campaign that has a brief known to the UI, so that it can be materialized there.",
)
def campaigns_with_briefs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Register new briefs; it asks for no run, so a tick always ends in a skip that says what it saw."""
    settings = Settings.from_environment()
    keys = list_campaigns(settings.briefs_dir)
    register(context.instance, keys)
    return dg.SkipReason(f"{len(keys)} campaigns have a brief under {settings.briefs_dir}")


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Brings runs to their true end in the ledger that no step saw the end of: cancelled, killed, lost with "
    "their machine, or ended before any step began.",
)
def runs_that_are_over(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look at a page of Dagster's ended runs and at the ledger's unfinished ones; it asks for no run."""
    page = EndedRuns.after(context.cursor, instance=context.instance)
    with _builder(context.instance) as builder:
        give_up_untold(builder, instance=context.instance)
        told = settle_untold(builder, page.records)
        ended = builder.reconciler.reconcile()
    # Only now: what could not be written is looked at again.
    context.update_cursor(page.cursor)
    return dg.SkipReason(
        f"{told} runs that ended before any step were recorded, and {ended} others were ended"
    )


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.CANCELED,
    # Runs that a command line has started belong to no code location.
    monitor_all_code_locations=True,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends a run in the ledger as soon as it was cancelled; runs_that_are_over finds what this one misses.",
)
def cancelled_runs(context: dg.RunStatusSensorContext) -> None:
    """Settle one cancelled run."""
    with _builder(context.instance) as builder:
        settle(builder, context.dagster_run)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.FAILURE,
    monitor_all_code_locations=True,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends a run in the ledger as soon as it has failed; runs_that_are_over finds what this one misses.",
)
def failed_runs(context: dg.RunStatusSensorContext) -> None:
    """Settle one failed run."""
    with _builder(context.instance) as builder:
        settle(builder, context.dagster_run)


@contextmanager
def _builder(instance: dg.DagsterInstance) -> Iterator[Builder]:
    builder = Builder(Settings.from_environment(), history=DagsterHistory(instance))
    try:
        yield builder
    finally:
        builder.close()
