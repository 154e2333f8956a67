"""`campaign show`: what became of a run.

Belongs here: its options, and gathering what is shown.
Does not belong here: drawing it (terminal).
"""

import json

import click
from rich.console import Console

from campaign_pipeline import terminal
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.preview import newest_game
from campaign_pipeline.commands.running import (
    end_lost_runs,
    opened_made_builder,
    plainly,
    run_of,
    this_command,
)
from campaign_pipeline.storage import ArtifactRecord, RunRecord, TenantLedger


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@plainly
def show(*, run: str, as_json: bool) -> None:
    """Show RUN: a run id or its first 8 digits, or KEY (<tenant>/<campaign>) for the campaign's newest run."""
    with opened_made_builder() as builder:
        end_lost_runs(builder)
        report(terminal.console(), builder, run_of(builder, run), as_json=as_json)


def report(console: Console, builder: Builder, run: RunRecord, *, as_json: bool, **more: str | None) -> None:
    """Show a run with its steps and what they came to, as a table or as JSON, which may say more."""
    ledger = builder.ledger.tenant(run.tenant_id)
    steps = ledger.steps(run.id)
    artifacts = ledger.step_artifacts(run.id)
    if as_json:
        click.echo(json.dumps({**terminal.run_as_json(run, steps, artifacts), **more}, indent=2))
        return
    terminal.show_run(console, run, steps, artifacts)
    game = artifacts.get("game_bundle")
    if game is not None:
        _tell_how_to_play(console, ledger, run, game)


def _tell_how_to_play(console: Console, ledger: TenantLedger, run: RunRecord, game: ArtifactRecord) -> None:
    """Say how to play a run's game: a preview plays the campaign's newest, which may be another by now."""
    key = f"{run.tenant_id}/{run.campaign_id}"
    newest = newest_game(ledger, run.campaign_id)
    if newest is not None and newest.content_hash == game.content_hash:
        console.print(f"Play it: [bold]{this_command()} preview {key}[/]", highlight=False)
    elif newest is not None:
        told = f"A newer run has another game, which is the one that `campaign preview {key}` plays"
        console.print(f"[dim]{told}[/]", highlight=False, soft_wrap=True)
