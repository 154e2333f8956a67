"""The jobs by which campaigns are built.

Belongs here: what a job selects and how people find it.
Does not belong here: the executor, which stands on the definitions so that the UI's own job has it too.
"""

import dagster as dg

from campaign_pipeline.model.steps import STEPS

# Not as strings: those are parsed by a grammar whose import alone costs a tenth of a second.
_ALL_STEPS = dg.AssetSelection.assets(*(step.step_id for step in STEPS))

campaign_build = dg.define_asset_job(
    "campaign_build",
    selection=_ALL_STEPS,
    description="Build one campaign from its brief: configuration, music, game, manifest. "
    "Steps whose inputs have not changed reuse their earlier results.",
)

campaign_update_audio = dg.define_asset_job(
    "campaign_update_audio",
    selection=_ALL_STEPS,
    description="Give a campaign that was built (base_run_id) other music, by overrides of its audio alone. "
    "What does not hold the music is reused.",
)
