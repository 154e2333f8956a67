"""The options by which a build differs from its brief; `build` and `plan` take the same.

Belongs here: the options, and reading them into the trigger's configuration.
Does not belong here: the commands themselves.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from campaign_pipeline.building.yaml_text import YamlRefusedError, read_yaml
from campaign_pipeline.errors import CampaignError, ErrorCode, shown
from campaign_pipeline.settings import CacheChoice

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="FIELD=VALUE",
        help="Override a field of the brief: --set audio.prompt='steel drums'. The value is YAML.",
    ),
    click.option(
        "--base-run",
        metavar="RUN",
        help="Build the brief of this completed run again, with the overrides: its id or the first 8 digits.",
    ),
    click.option(
        "--cache",
        metavar="MODE",
        help="`use` earlier results, `refresh` them (`refresh:game_config,bgm`: those steps' alone), or `off`.",
    ),
)


def trigger_options(command: F) -> F:
    """Give a command the options `assignments`, `base_run` and `cache`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def trigger_configuration(
    assignments: tuple[str, ...], *, base_run: str | None, cache: str | None
) -> dict[str, Any]:
    """Read the options into the configuration of a run's trigger; what was not given is left out.

    Raises:
        CampaignError: VALIDATION_ERROR for an assignment that cannot be read, two that contradict each other, or a
            cache mode that is none.
    """
    if cache is not None:
        CacheChoice.parse(cache, source="--cache")
    given = {"overrides": _overrides(assignments), "base_run_id": base_run, "cache": cache}
    return {name: value for name, value in given.items() if value}


def _overrides(assignments: tuple[str, ...]) -> dict[str, Any]:
    """Read --set options into one merge patch."""
    patch: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not all(path.split(".")):
            raise _refused_assignment(assignment, "FIELD=VALUE is expected, such as audio.bpm=120")
        if not text.strip():
            raise _refused_assignment(
                assignment, "a value is expected; null takes the field out of the brief"
            )
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
