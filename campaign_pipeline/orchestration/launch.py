"""Starting a build from this process, on the same instance that the UI and `dagster job execute` use.

Belongs here: finding the instance, and running the job on it.
Does not belong here: what is shown of it (cli).
"""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg

from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.orchestration.partitions import PARTITION_TAG


class Launch:
    """A build that this process is about to run.

    Args:
        key: The campaign.
        trigger: Configuration of the `trigger` resource; empty for the brief as it lies there.
    """

    def __init__(self, key: CampaignKey, *, trigger: dict[str, Any]) -> None:
        self.run_id = str(uuid4())
        self._key = key
        self._trigger = trigger

    def run(self) -> str | None:
        """Run the job to its end, in the caller's thread: only in the main one does Dagster hear an interrupt.

        Returns:
            What failed, in the words of the first step that did; None where nothing did.
        """
        from campaign_pipeline.definitions import defs  # noqa: PLC0415  definitions import this package

        job = defs.resolve_job_def("campaign_build")
        with _instance() as instance:
            result = job.execute_in_process(
                run_id=self.run_id,
                instance=instance,
                raise_on_error=False,
                tags={PARTITION_TAG: str(self._key), "campaign/launched_by": "cli"},
                run_config={
                    "resources": {"trigger": {"config": self._trigger}},
                    # The command line tells the story itself; Dagster's own log stays in its history.
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )
        return None if result.success else _first_failure(result)


def _first_failure(result: dg.ExecuteInProcessResult) -> str:
    for event in result.get_step_failure_events():
        told = event.step_failure_data.user_failure_data
        if told is not None and told.description:
            return told.description
    return f"Dagster's run {result.run_id} failed; its log is in Dagster's history"


def _instance() -> dg.DagsterInstance:
    """Open the instance that `dagster job execute` would open from here (dagster-facts, 24)."""
    if os.environ.get("DAGSTER_HOME"):
        return dg.DagsterInstance.get()
    if Path("dagster.yaml").is_file():
        return dg.DagsterInstance.from_config(str(Path.cwd()))
    return dg.DagsterInstance.ephemeral()
