"""Housekeeping that nobody has to start.

Belongs here: the job that collects garbage, and its schedule.
Does not belong here: what is collected (building.collector), or how lost runs are told (building.reconciler).
"""

from collections.abc import Callable

import dagster as dg

from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.collection import Collection
from campaign_pipeline.building.collector import Collector
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.orchestration.failures import RETRIES, as_failure, pass_interrupts_on
from campaign_pipeline.orchestration.interrupts import INTERRUPTS


@dg.op(
    config_schema={
        "dry_run": dg.Field(bool, default_value=False, description="Count what would go, and change nothing.")
    },
    out=dg.Out(dg.Nothing),
    retry_policy=RETRIES,
    description="Takes away what has expired, runs past CAMPAIGN_RETENTION, and bytes that nothing refers to.",
)
def collect_garbage(context: dg.OpExecutionContext, builder: dg.ResourceParam[Builder]) -> None:
    """Collect, and tell the counts as metadata: there is nothing that an IO manager could keep."""
    try:
        done = _collect(builder, dry_run=context.op_config["dry_run"], tell=context.log.debug)
    except CampaignError as error:
        # Its words say all there is to say: a chain of stack traces would only bury them.
        raise as_failure(error) from None
    except (Exception, *INTERRUPTS) as error:
        raise as_failure(error) from error
    context.add_output_metadata({name: count for name, count in done.to_json().items() if count is not None})


def _collect(builder: Builder, *, dry_run: bool, tell: Callable[[str], None]) -> Collection:
    if not dry_run:
        # A run that was lost counts as one that still runs, and everything since it began would be spared.
        builder.reconciler.try_to_reconcile()
    collector = Collector(
        builder.ledger,
        builder.store,
        grace=builder.settings.gc_grace,
        retention=builder.settings.retention,
        tell=tell,
    )
    return collector.rehearse() if dry_run else collector.collect()


@dg.job(
    hooks={pass_interrupts_on},
    description="Take away what nobody needs: expired results, runs past their retention, bytes that nothing refers "
    "to. Safe beside builds that run; may be stopped and started again.",
)
def campaign_gc() -> None:
    """One pass over the whole ledger and store."""
    collect_garbage()


weekly_gc = dg.ScheduleDefinition(
    name="weekly_gc",
    job=campaign_gc,
    cron_schedule="0 5 * * 0",
    execution_timezone="UTC",
    description="Every Sunday at 05:00 UTC, collect garbage. Stopped until somebody starts it.",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
