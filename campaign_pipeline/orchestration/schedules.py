"""Builds that nobody has to start.

Belongs here: schedules over the campaigns that have a brief.
Does not belong here: whether a build has anything to do: the step cache answers that, step by step.
"""

from collections.abc import Iterator

import dagster as dg

from campaign_pipeline.building.brief_file import list_campaigns
from campaign_pipeline.orchestration.jobs import campaign_build
from campaign_pipeline.orchestration.partitions import register
from campaign_pipeline.settings import Settings


@dg.schedule(
    job=campaign_build,
    cron_schedule="0 3 * * *",
    execution_timezone="UTC",
    description="Every night at 03:00 UTC, build every campaign that has a brief. Stopped until somebody starts it.",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def recurring_builds(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for one run a campaign and tick: a run key is remembered for ever, so it names the tick too."""
    settings = Settings.from_environment()
    keys = list_campaigns(settings.briefs_dir)
    if not keys:
        yield dg.SkipReason(f"no brief lies under {settings.briefs_dir}")
        return
    register(context.instance, keys)
    tick = context.scheduled_execution_time.isoformat()
    for key in keys:
        yield dg.RunRequest(partition_key=key, run_key=f"{tick} {key}")
