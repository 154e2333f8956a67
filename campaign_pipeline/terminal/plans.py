"""Plans: one campaign step by step, or many with a line each.

Belongs here: how plans are drawn, and their JSON.
Does not belong here: planning (building.planning), the words of an expectation (building.analysis).
"""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from campaign_pipeline.building.analysis import seconds
from campaign_pipeline.building.misnamed_briefs import MisnamedBrief
from campaign_pipeline.building.planning import CampaignPlan
from campaign_pipeline.terminal.screen import short

_REUSE, _RUN, _REFUSED = "[cyan]↺[/]", "[yellow]▸[/]", "[red]✘[/]"


def show_plans(
    console: Console, plans: Sequence[CampaignPlan], *, ignored: Sequence[MisnamedBrief] = ()
) -> None:
    """Print what is expected: of one campaign step by step, of several in a line each, then what was passed over."""
    if len(plans) == 1 and plans[0].error is None:
        console.print(f"[bold]{escape(plans[0].key)}[/]", highlight=False)
        console.print(_step_table(plans[0]))
    else:
        console.print(_campaign_table(plans))
    console.print(_totals(plans), highlight=False, soft_wrap=True)
    for brief in ignored:
        console.print(f"[yellow]ignored:[/] {escape(str(brief))}", highlight=False, soft_wrap=True)


def plans_as_json(plans: Sequence[CampaignPlan], *, ignored: Sequence[MisnamedBrief] = ()) -> dict[str, Any]:
    """Give plans the shape that scripts read."""
    return {
        "campaigns": [plan.to_json() for plan in plans],
        "ignored": [brief.to_json() for brief in ignored],
        "summary": {
            "campaigns": len(plans),
            "refused": sum(plan.error is not None for plan in plans),
            "lacking_a_setting": sum(plan.lacks_a_setting for plan in plans),
            "steps": sum(len(plan.steps) for plan in plans),
            "steps_to_run": sum(len(plan.runs) for plan in plans),
            "saved_ms": sum(plan.saved_ms for plan in plans),
        },
    }


def _step_table(plan: CampaignPlan) -> Table:
    table = _table("", "step", "saves", "what is expected")
    for step in plan.steps:
        saves = seconds(step.saved_ms) if step.saved_ms is not None else ""
        table.add_row(_REUSE if step.reuse else _RUN, step.step_id, saves, escape(short(step.words)))
    return table


def _campaign_table(plans: Sequence[CampaignPlan]) -> Table:
    table = _table("", "campaign", "to run", "what is expected")
    for plan in plans:
        if plan.error is not None:
            table.add_row(_REFUSED, plan.key, "", f"[red]{escape(plan.error)}[/]")
        else:
            count = f"{len(plan.runs)} of {len(plan.steps)}"
            table.add_row(_RUN if plan.runs else _REUSE, plan.key, count, escape(_gist(plan)))
    return table


def _gist(plan: CampaignPlan) -> str:
    """Say what makes a campaign's steps run: those that only wait for another are named by it."""
    causes = [step for step in plan.steps if not step.reuse and step.input_hash is not None]
    if not plan.runs:
        return "reuse: all of it"
    told = "; ".join(f"{step.step_id} ({short(step.told_reason)})" for step in causes)
    waiting = len(plan.runs) - len(causes)
    return f"run: {told}" + (f", and {waiting} behind" if waiting else "")


def _totals(plans: Sequence[CampaignPlan]) -> str:
    told = plans_as_json(plans)["summary"]
    campaigns = f"{told['campaigns']} campaign{'' if told['campaigns'] == 1 else 's'}"
    parts = [campaigns, f"{told['steps_to_run']} of {told['steps']} steps to run"]
    if told["saved_ms"]:
        parts.append(f"{seconds(told['saved_ms'])} saved by reuse")
    if told["refused"]:
        parts.append(f"{told['refused']} cannot be built")
    if told["lacking_a_setting"]:
        parts.append(f"{told['lacking_a_setting']} for want of a setting")
    return ", ".join(parts)


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    for name in names[:-1]:
        table.add_column(name, no_wrap=True, justify="right" if name in {"saves", "to run"} else "left")
    table.add_column(names[-1], overflow="fold")
    return table
