"""The jobs by which campaigns are built.

Belongs here: what a job selects and how people find it.
Does not belong here: the executor, which stands on the definitions so that the UI's own job has it too.
"""

import dagster as dg

from campaign_pipeline.model.steps import STEPS

campaign_build = dg.define_asset_job(
    "campaign_build",
    # Not as strings: those are parsed by a grammar whose import alone costs a tenth of a second.
    selection=dg.AssetSelection.assets(*(step.step_id for step in STEPS)),
    description="Build one campaign from its brief: configuration, music, game, manifest. "
    "Steps whose inputs have not changed reuse their earlier results.",
)
