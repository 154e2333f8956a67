"""The `campaign` command: building, showing and previewing campaigns from a terminal.

Belongs here: arguments, exit codes, and the order in which things are told.
Does not belong here: anything that the UI or a schedule would want too (building, orchestration).
"""

import json
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import click
from dotenv import load_dotenv
from rich.console import Console

from campaign_pipeline import terminal
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.building.preview import served_game
from campaign_pipeline.building.yaml_text import YamlRefusedError, read_yaml
from campaign_pipeline.errors import CampaignError, ErrorCode, shown
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import RunRecord

P = ParamSpec("P")
R = TypeVar("R")

EXIT_FAILED = 1


def _plainly(command: Callable[P, R]) -> Callable[P, R]:
    """End with exit code 1 and the error's own words, not with a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except CampaignError as error:
            click.echo(str(error), err=True)
            sys.exit(EXIT_FAILED)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="campaign-pipeline")
def main() -> None:
    """Turn briefs into playable campaigns."""
    # As Dagster's own commands do; what is set already stays. Otherwise the two would read different ledgers.
    load_dotenv(".env")


@main.command()
@click.argument("key")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Override a field of the brief: --set audio.prompt='steel drums'. The value is YAML.",
)
@click.option(
    "--base-run", metavar="RUN", help="Build the brief of this completed run again, with the overrides."
)
@click.option(
    "--cache",
    type=click.Choice(["use", "refresh", "off"]),
    help="Use earlier results, refresh them, or leave them alone.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@_plainly
def build(
    *, key: str, assignments: tuple[str, ...], base_run: str | None, cache: str | None, as_json: bool
) -> None:
    """Build the campaign KEY (<tenant>/<campaign>)."""
    campaign = CampaignKey.parse(key, source="KEY")
    trigger = {"overrides": _overrides(assignments), "base_run_id": base_run, "cache": cache}
    console = terminal.console(stderr=as_json)
    with _builder() as builder:
        # A ledger that cannot be reached says so before Dagster is loaded.
        ledger = builder.ledger.tenant(campaign.tenant_id)

        from campaign_pipeline.orchestration.launch import Launch  # noqa: PLC0415  `show` need not wait for Dagster

        launch = Launch(campaign, trigger={name: value for name, value in trigger.items() if value})
        with terminal.watching(console, ledger, launch.run_id):
            failure = launch.run()
        run = ledger.run(launch.run_id)
        if run is not None:
            _report(console, builder, run, as_json=as_json)
        elif failure is not None:
            click.echo(failure, err=True)
    sys.exit(0 if failure is None else EXIT_FAILED)


@main.command()
@click.argument("run", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@_plainly
def show(*, run: str, as_json: bool) -> None:
    """Show RUN: a run id, or KEY (<tenant>/<campaign>) for the campaign's newest run."""
    with _builder() as builder:
        _report(terminal.console(), builder, _run_of(builder, run), as_json=as_json)


@main.command()
@click.argument("key")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="0 takes any free one.")
@_plainly
def preview(*, key: str, port: int) -> None:
    """Serve the newest game of the campaign KEY on this machine, until Ctrl-C."""
    campaign = CampaignKey.parse(key, source="KEY")
    with _builder() as builder:
        ledger = builder.ledger.tenant(campaign.tenant_id)
        with served_game(ledger, builder.store, campaign_id=campaign.campaign_id, port=port) as address:
            click.echo(f"{campaign} plays at {address}  (Ctrl-C ends it)")
            _wait_for_interrupt()


def _wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo()


def _builder() -> AbstractContextManager[Builder]:
    return closing(Builder(Settings.from_environment()))


def _overrides(assignments: tuple[str, ...]) -> dict[str, Any]:
    """Read --set options into one merge patch."""
    patch: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not all(path.split(".")):
            raise _refused_assignment(assignment, "FIELD=VALUE is expected, such as audio.bpm=120")
        *parents, leaf = path.split(".")
        place = patch
        for name in parents:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise _refused_assignment(
                    assignment, f"{name} is set as a whole too; one of the two is expected"
                )
        if leaf in place:
            raise _refused_assignment(assignment, f"{path} is set twice; one of the two is expected")
        place[leaf] = _value(assignment, text)
    return patch


def _value(assignment: str, text: str) -> Any:
    """Read a value as a brief's would be read."""
    try:
        return read_yaml(text)
    except YamlRefusedError as error:
        raise _refused_assignment(assignment, f"{error}; a value as in a brief is expected") from None


def _refused_assignment(assignment: str, right: str) -> CampaignError:
    return CampaignError(ErrorCode.VALIDATION_ERROR, f"--set: {shown(assignment)} found; {right}")


def _run_of(builder: Builder, text: str) -> RunRecord:
    """Find a run by its id, or the newest of a campaign."""
    try:
        run = builder.ledger.housekeeping().find_run(str(UUID(text)))
        missing = f"RUN: {text} is in no ledger row"
    except ValueError:
        campaign = CampaignKey.parse(text, source="RUN (a whole run id, or a campaign)")
        run = builder.ledger.tenant(campaign.tenant_id).newest_run(campaign.campaign_id)
        missing = f"RUN: {campaign} has no run yet; build it: campaign build {campaign}"
    if run is None:
        raise CampaignError(ErrorCode.VALIDATION_ERROR, missing)
    return run


def _report(console: Console, builder: Builder, run: RunRecord, *, as_json: bool) -> None:
    ledger = builder.ledger.tenant(run.tenant_id)
    steps = ledger.steps(run.id)
    artifacts = ledger.step_artifacts(run.id)
    if as_json:
        click.echo(json.dumps(terminal.run_as_json(run, steps, artifacts), indent=2))
        return
    terminal.show_run(console, run, steps, artifacts)
    if "game_bundle" in artifacts:
        console.print(
            f"Play it: [bold]{_command()} preview {run.tenant_id}/{run.campaign_id}[/]", highlight=False
        )


def _command() -> str:
    """Spell this command as it can be typed again: by name where it is on PATH, else as it was called."""
    called = sys.argv[0]
    return "campaign" if shutil.which("campaign") == called else called
