"""`campaign build`: one build, watched as it runs.

Belongs here: what is done in which order, and the exit code.
Does not belong here: its options (trigger_options), running the job (orchestration.launch), or drawing it (terminal).
"""

import sys

import click

from campaign_pipeline import terminal
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.commands.running import EXIT_FAILED, opened_builder, plainly
from campaign_pipeline.commands.show import report
from campaign_pipeline.commands.trigger_options import trigger_configuration, trigger_options


@click.command()
@click.argument("key")
@trigger_options
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@plainly
def build(
    *, key: str, assignments: tuple[str, ...], base_run: str | None, cache: str | None, as_json: bool
) -> None:
    """Build the campaign KEY (<tenant>/<campaign>)."""
    campaign = CampaignKey.parse(key, source="KEY")
    trigger = trigger_configuration(assignments, base_run=base_run, cache=cache)
    console = terminal.console(stderr=as_json)
    with opened_builder() as builder:
        # A ledger that cannot be reached says so before Dagster is loaded.
        ledger = builder.ledger.tenant(campaign.tenant_id)

        from campaign_pipeline.orchestration.launch import Launch  # noqa: PLC0415  `show` need not wait for Dagster

        launch = Launch(campaign, trigger=trigger)
        with terminal.watching(console, ledger, launch.run_id):
            failure = launch.run()
        run = ledger.run(launch.run_id)
        if run is not None:
            report(console, builder, run, as_json=as_json)
        elif failure is not None:
            click.echo(failure, err=True)
    sys.exit(0 if failure is None else EXIT_FAILED)
