"""What a Dagster run is about, as far as its record tells: which of our steps, and whether anything else.

Belongs here: reading a run's job, assets and step keys.
Does not belong here: the order that a run is to the pipeline (runs), or where the run stands (history).
"""

from collections.abc import Mapping

import dagster as dg

from campaign_pipeline.building.order import CAMPAIGN_BUILD, CAMPAIGN_UPDATE_AUDIO
from campaign_pipeline.model.steps import STEPS

WORKFLOW_BY_JOB: Mapping[str, str] = {
    "campaign_build": CAMPAIGN_BUILD,
    "campaign_update_audio": CAMPAIGN_UPDATE_AUDIO,
}
"""Jobs with a workflow of their own; whatever else materialises our assets builds a campaign."""

_BRIEF = "campaign_brief"


def steps_on_record(run: dg.DagsterRun) -> tuple[str, ...]:
    """Name our steps that a run was asked to run; none for a job that is not about our assets, as far as that is told.

    A job of a user's own over our assets, whose record names no assets, cannot be told from one about something else:
    cancelled in the queue, it gets no rows. Once one of its steps has begun, it has them.
    """
    chosen = {step.step_id for step in STEPS}
    if run.asset_selection:
        chosen &= {key.to_user_string() for key in run.asset_selection}
    elif run.job_name not in WORKFLOW_BY_JOB:
        return ()
    if run.step_keys_to_execute:
        chosen &= set(run.step_keys_to_execute)
    return tuple(step.step_id for step in STEPS if step.step_id in chosen)


def is_all_ours(run: dg.DagsterRun) -> bool:
    """Whether a run is about our steps and, as far as its record tells, about nothing else."""
    named = {key.to_user_string() for key in run.asset_selection or ()} | set(run.step_keys_to_execute or ())
    return bool(steps_on_record(run)) and named <= {_BRIEF, *(step.step_id for step in STEPS)}
