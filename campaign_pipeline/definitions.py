"""Everything the pipeline is made of, on one screen.

Belongs here: assembly, and nothing else: no reading of the environment, no opening of anything.
Does not belong here: any of the parts; each has a file of its own under orchestration/.
"""

import dagster as dg

from campaign_pipeline.orchestration.assets import campaign_assets
from campaign_pipeline.orchestration.housekeeping import campaign_gc, weekly_gc
from campaign_pipeline.orchestration.io_managers import (
    FileArtifactIOManager,
    JsonArtifactIOManager,
    over_builder,
)
from campaign_pipeline.orchestration.jobs import campaign_build, campaign_update_audio
from campaign_pipeline.orchestration.resources import BuilderResource, TriggerResource
from campaign_pipeline.orchestration.schedules import recurring_builds
from campaign_pipeline.orchestration.sensors import (
    campaigns_with_briefs,
    cancelled_runs,
    failed_runs,
    runs_that_are_over,
)

defs = dg.Definitions(
    assets=campaign_assets,  # campaign_brief → game_config, bgm → game_bundle → campaign_manifest
    jobs=[campaign_build, campaign_update_audio, campaign_gc],
    schedules=[recurring_builds, weekly_gc],
    sensors=[campaigns_with_briefs, runs_that_are_over, cancelled_runs, failed_runs],
    resources={
        "builder": BuilderResource(),  # ledger, artifact store, settings
        "trigger": TriggerResource.configure_at_launch(),  # base run, overrides, cache mode of one build
        "json_artifacts": over_builder(JsonArtifactIOManager),
        "file_artifacts": over_builder(FileArtifactIOManager),
    },
    # In one process a build of four steps costs a quarter of what a process a step does; here, and not on a job,
    # so that the UI's Materialize button has it too.
    executor=dg.in_process_executor,
)
