"""`campaign plan`: what a build would reuse and what it would run.

Belongs here: its options, which campaigns are meant, and the exit code.
Does not belong here: planning (building.planning), or drawing it (terminal).
"""

import json
import sys
from collections.abc import Sequence

import click

from campaign_pipeline import terminal
from campaign_pipeline.building.brief_file import list_campaigns
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.building.misnamed_briefs import MisnamedBrief, misnamed_briefs
from campaign_pipeline.building.planning import opened_planner, order_of
from campaign_pipeline.commands.running import EXIT_FAILED, base_run_of, plainly
from campaign_pipeline.commands.trigger_options import trigger_configuration, trigger_options
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.settings import Settings


@click.command()
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@trigger_options
@click.option("--json", "as_json", is_flag=True, help="Print the plans as JSON.")
@plainly
def plan(
    *,
    keys: tuple[str, ...],
    assignments: tuple[str, ...],
    base_run: str | None,
    cache: str | None,
    as_json: bool,
) -> None:
    """Say what a build of each campaign KEY would reuse and what it would run, and why. Nothing is changed.

    Without KEY: every campaign that has a brief.
    """
    trigger = trigger_configuration(assignments, base_run=base_run, cache=cache)
    settings = Settings.from_environment()
    settings.check()
    ignored = [] if keys else misnamed_briefs(settings.briefs_dir)
    campaigns = _campaigns(settings, keys, base_run=base_run, ignored=ignored)
    progress = terminal.console(stderr=True)
    with opened_planner(settings) as planner:
        if base_run is not None:
            [campaign] = campaigns
            trigger["base_run_id"] = base_run_of(planner.ledger, base_run, tenant_id=campaign.tenant_id)
        orders = [order_of(campaign, **trigger) for campaign in campaigns]
        plans = [planner.plan(order) for order in terminal.counting(progress, orders, doing="planning")]
    if as_json:
        click.echo(json.dumps(terminal.plans_as_json(plans, ignored=ignored), indent=2))
    else:
        terminal.show_plans(terminal.console(), plans, ignored=ignored)
    sys.exit(EXIT_FAILED if any(plan.error or plan.lacks_a_setting for plan in plans) else 0)


def _campaigns(
    settings: Settings, keys: tuple[str, ...], *, base_run: str | None, ignored: Sequence[MisnamedBrief]
) -> list[CampaignKey]:
    named = keys or tuple(list_campaigns(settings.briefs_dir))
    if not named:
        message = f"no brief lies under {settings.briefs_dir}"
        right = f"write one at {settings.briefs_dir}/<tenant>/<campaign>.yaml, or name its KEY"
        passed_over = "".join(f"\nignored: {brief}" for brief in ignored)
        raise CampaignError(ErrorCode.UNKNOWN_CAMPAIGN, f"{message}; {right}{passed_over}")
    if base_run is not None and len(named) > 1:
        message = f"--base-run: {len(named)} campaigns found; the one KEY whose run it is is expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    return [CampaignKey.parse(key, source="KEY") for key in dict.fromkeys(named)]
