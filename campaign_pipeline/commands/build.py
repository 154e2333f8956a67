"""`campaign build`: one build, watched as it runs.

Belongs here: what is done in which order, and the exit code.
Does not belong here: its options (trigger_options), running the job (orchestration.launch), or drawing it (terminal).
"""

import json
import sys

import click

from campaign_pipeline import terminal
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.commands.running import EXIT_FAILED, base_run_of, opened_builder, plainly
from campaign_pipeline.commands.show import report
from campaign_pipeline.commands.trigger_options import trigger_configuration, trigger_options
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.storage import RunRecord, RunStatus, TenantLedger


@click.command()
@click.argument("key")
@trigger_options
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@plainly
def build(
    *, key: str, assignments: tuple[str, ...], base_run: str | None, cache: str | None, as_json: bool
) -> None:
    """Build the campaign KEY (<tenant>/<campaign>); exit code 0 when ledger and Dagster both say that it was built."""
    campaign = CampaignKey.parse(key, source="KEY")
    trigger = trigger_configuration(assignments, base_run=base_run, cache=cache)
    console = terminal.console(stderr=as_json)
    with opened_builder() as builder:
        # A ledger that cannot be reached says so before Dagster is loaded.
        ledger = builder.ledger.tenant(campaign.tenant_id)
        if base_run is not None:
            trigger["base_run_id"] = base_run_of(builder.ledger, base_run, tenant_id=campaign.tenant_id)

        from campaign_pipeline.orchestration.launch import Launch  # noqa: PLC0415  `show` need not wait for Dagster

        launch = Launch(campaign, trigger=trigger)
        with terminal.watching(console, ledger, launch.run_id):
            failure = launch.run()
        run, failure = _recorded(ledger, launch.run_id, failure=failure)
        if run is not None:
            report(console, builder, run, as_json=as_json, failure=failure)
        elif as_json:
            click.echo(json.dumps({"run": None, "failure": failure}, indent=2))
        if failure is not None and (as_json or not _is_told(run, failure)):
            click.echo(_told(run, failure), err=True)
    sys.exit(0 if failure is None else EXIT_FAILED)


def _recorded(
    ledger: TenantLedger, run_id: str, *, failure: str | None
) -> tuple[RunRecord | None, str | None]:
    """Read how the run ended, and what is to be told as its failure: it is built when Dagster and the ledger say so."""
    try:
        run = ledger.run(run_id)
    except CampaignError as error:
        return None, failure or str(error)
    if run is None:
        return None, failure or f"run {run_id} is in no ledger row"
    if failure is None and run.status is not RunStatus.COMPLETED:
        return run, run.error or f"run {run_id} is {run.status}"
    return run, failure


def _is_told(run: RunRecord | None, failure: str) -> bool:
    """Tell whether the run's own error, which is shown with it, says it, or says it with more around it."""
    _, _, message = failure.partition(": ")
    return run is not None and (run.error or "").endswith(message or failure)


def _told(run: RunRecord | None, failure: str) -> str:
    """Say what failed; of a run whose row says that nothing did, say that too."""
    if run is None or run.status is not RunStatus.COMPLETED:
        return failure
    return f"the campaign was built and can be played, but its run failed in Dagster: {failure}"
