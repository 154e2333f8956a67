"""`campaign build`: one build, watched as it runs.

Belongs here: its options, and reading them into the trigger's configuration.
Does not belong here: running the job (orchestration.launch), or drawing it (terminal).
"""

import sys
from typing import Any

import click

from campaign_pipeline import terminal
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.building.yaml_text import YamlRefusedError, read_yaml
from campaign_pipeline.commands.running import EXIT_FAILED, opened_builder, plainly
from campaign_pipeline.commands.show import report
from campaign_pipeline.errors import CampaignError, ErrorCode, shown


@click.command()
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
@plainly
def build(
    *, key: str, assignments: tuple[str, ...], base_run: str | None, cache: str | None, as_json: bool
) -> None:
    """Build the campaign KEY (<tenant>/<campaign>)."""
    campaign = CampaignKey.parse(key, source="KEY")
    trigger = {"overrides": _overrides(assignments), "base_run_id": base_run, "cache": cache}
    console = terminal.console(stderr=as_json)
    with opened_builder() as builder:
        # A ledger that cannot be reached says so before Dagster is loaded.
        ledger = builder.ledger.tenant(campaign.tenant_id)

        from campaign_pipeline.orchestration.launch import Launch  # noqa: PLC0415  `show` need not wait for Dagster

        launch = Launch(campaign, trigger={name: value for name, value in trigger.items() if value})
        with terminal.watching(console, ledger, launch.run_id):
            failure = launch.run()
        run = ledger.run(launch.run_id)
        if run is not None:
            report(console, builder, run, as_json=as_json)
        elif failure is not None:
            click.echo(failure, err=True)
    sys.exit(0 if failure is None else EXIT_FAILED)


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
