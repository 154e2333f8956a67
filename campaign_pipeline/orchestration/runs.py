"""What Dagster knows of a run, told in the pipeline's own terms.

Belongs here: reading a Dagster run (tags, job, steps asked for) into a RunOrder.
Does not belong here: what is done with the order (building).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dagster as dg

from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.building.order import CAMPAIGN_BUILD, RunOrder
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.orchestration.partitions import PARTITION_TAG
from campaign_pipeline.orchestration.resources import TriggerResource
from campaign_pipeline.orchestration.run_scope import WORKFLOW_BY_JOB, steps_on_record

PARENT_RUN_TAG = "dagster/parent_run_id"
ROOT_RUN_TAG = "dagster/root_run_id"

_LAUNCHERS = {
    "dagster/schedule_name": "schedule",
    "dagster/sensor_name": "sensor",
    "dagster/backfill": "backfill",
    "campaign/launched_by": "launcher",
}


def run_order(run: dg.DagsterRun, *, trigger: TriggerResource, step_ids: tuple[str, ...]) -> RunOrder:
    """Read a Dagster run as an order to build a campaign.

    Raises:
        CampaignError: VALIDATION_ERROR when the run names no campaign.
    """
    key = CampaignKey.parse(run.tags.get(PARTITION_TAG), source=f"tag {PARTITION_TAG}")
    return RunOrder(
        run_id=run.run_id,
        tenant_id=key.tenant_id,
        campaign_id=key.campaign_id,
        workflow_name=WORKFLOW_BY_JOB.get(run.job_name, CAMPAIGN_BUILD),
        step_ids=tuple(run.step_keys_to_execute or step_ids),
        overrides=dict(trigger.overrides),
        base_run_id=trigger.base_run_id,
        cache=trigger.cache,
        tags=run.tags,
        parent_run_id=run.parent_run_id or run.tags.get(PARENT_RUN_TAG),
        root_run_id=run.root_run_id or run.tags.get(ROOT_RUN_TAG),
        launched_by=_launched_by(run),
    )


def order_on_record(run: dg.DagsterRun) -> RunOrder | None:
    """Read an order from Dagster's record alone, as of a run that ended before any step; None where it is not ours."""
    step_ids = steps_on_record(run)
    if not step_ids:
        return None
    try:
        order = run_order(run, trigger=_trigger_on_record(run), step_ids=step_ids)
    except CampaignError:
        return None  # it names no campaign, and so no tenant in whose ledger it could stand
    return replace(order, step_ids=step_ids)


def _trigger_on_record(run: dg.DagsterRun) -> TriggerResource:
    """Read a run's configuration of the trigger; what Dagster would have refused is left out."""
    found: Any = run.run_config
    for name in ("resources", "trigger", "config"):
        found = found.get(name) if isinstance(found, Mapping) else None
    kinds = {"base_run_id": str, "overrides": dict, "cache": str}
    told = found if isinstance(found, Mapping) else {}
    return TriggerResource(
        **{name: told[name] for name, kind in kinds.items() if isinstance(told.get(name), kind)}
    )


def _launched_by(run: dg.DagsterRun) -> str:
    for tag, kind in _LAUNCHERS.items():
        if tag in run.tags:
            return run.tags[tag] if kind == "launcher" else f"{kind}:{run.tags[tag]}"
    return f"job:{run.job_name}" if run.job_name in WORKFLOW_BY_JOB else "materialize"
