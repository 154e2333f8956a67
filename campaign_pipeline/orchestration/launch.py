"""Starting a build from this process, on the same instance that the UI and `dagster job execute` use.

Belongs here: running the job.
Does not belong here: which instance that is (instance), or what is shown of the build (commands, terminal).
"""

from contextlib import closing, suppress
from typing import Any
from uuid import uuid4

import dagster as dg

from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.orchestration.ended_runs import settle
from campaign_pipeline.orchestration.history import DagsterHistory
from campaign_pipeline.orchestration.instance import opened_instance
from campaign_pipeline.orchestration.outages import as_outage, outage_on_record
from campaign_pipeline.orchestration.partitions import PARTITION_TAG
from campaign_pipeline.settings import Settings


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
            What failed, in the words of the first step that did, or of Dagster's storage where that can no longer be
            used; None where nothing did.
        """
        try:
            return self._run()
        except Exception as error:
            outage = as_outage(error)
            if outage is None:
                raise
            return str(outage)

    def _run(self) -> str | None:
        from campaign_pipeline.definitions import defs  # noqa: PLC0415  definitions import this package

        job = defs.resolve_job_def("campaign_build")
        with opened_instance() as instance:
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
            if result.success:
                return None
            _settle(self.run_id, instance)
        return _first_failure(result)


def _settle(run_id: str, instance: dg.DagsterInstance) -> None:
    """See to it that the ledger knows how the run ended, though an interrupt may have come before any step."""
    run = instance.get_run_by_id(run_id)
    builder = Builder(Settings.from_environment(), history=DagsterHistory(instance))
    # A ledger that cannot be told is told by the next start of anything.
    with closing(builder), suppress(CampaignError):
        if run is not None and run.is_finished:
            settle(builder, run)


def _first_failure(result: dg.ExecuteInProcessResult) -> str:
    for event in result.get_step_failure_events():
        told = event.step_failure_data.user_failure_data
        if told is not None and told.description:
            return told.description
        outage = outage_on_record(event)
        if outage is not None:
            return str(outage)
    return f"Dagster's run {result.run_id} failed; its log is in Dagster's history"
