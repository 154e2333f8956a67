"""What happens without being asked for.

Belongs here: sensors that keep Dagster's view of the campaigns in step with the folder of briefs.
Does not belong here: anything that starts work that costs money.
"""

import dagster as dg

from campaign_pipeline.building.brief_file import list_campaigns
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
