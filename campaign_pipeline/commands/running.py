"""What every command shares: how it reaches the ledger, how it ends when something is wrong, which run is meant.

Belongs here: exit codes, and the words for a run or a campaign on a command line.
Does not belong here: any one command.
"""

import re
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.building.reconciler import Reconciler
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import RunRecord

P = ParamSpec("P")
R = TypeVar("R")

EXIT_FAILED = 1

_FEWEST_DIGITS = 8
"""As many as Dagster's UI shows of a run's id."""

_RUN_ID = re.compile(rf"[0-9a-fA-F]{{{_FEWEST_DIGITS},32}}")
_NAMED_RUNS = 5


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """End with exit code 1 and the error's own words, not with a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except CampaignError as error:
            click.echo(str(error), err=True)
            sys.exit(EXIT_FAILED)

    return run


def opened_builder() -> AbstractContextManager[Builder]:
    """Lend a builder over the environment's ledger and store."""
    return closing(Builder(Settings.from_environment()))


def end_lost_runs(builder: Builder) -> None:
    """End runs that were lost before anything is told of them; Dagster is loaded only where there seems to be one."""
    if not builder.reconciler.finds_any_lost():
        return

    from campaign_pipeline.orchestration.history import DagsterHistory  # noqa: PLC0415  2 s, and only for the lost
    from campaign_pipeline.orchestration.instance import opened_instance  # noqa: PLC0415

    with opened_instance() as instance:
        Reconciler(builder.ledger, DagsterHistory(instance)).try_to_reconcile()


def run_of(builder: Builder, text: str) -> RunRecord:
    """Find a run by its id or the beginning of it, or the newest of a campaign.

    Raises:
        CampaignError: VALIDATION_ERROR when it names no run, or more than one.
    """
    digits = text.replace("-", "")
    if _RUN_ID.fullmatch(digits):
        return _run_beginning_with(builder, text)
    source = f"RUN (a run id, {_FEWEST_DIGITS} digits of it at least, or a campaign)"
    campaign = CampaignKey.parse(text, source=source)
    run = builder.ledger.tenant(campaign.tenant_id).newest_run(campaign.campaign_id)
    if run is None:
        message = f"RUN: {campaign} has no run yet; build it: campaign build {campaign}"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    return run


def _run_beginning_with(builder: Builder, text: str) -> RunRecord:
    found = builder.ledger.housekeeping("show").runs_beginning_with(text, limit=_NAMED_RUNS + 1)
    if not found:
        raise CampaignError(ErrorCode.VALIDATION_ERROR, f"RUN: {text} is in no ledger row")
    if len(found) > 1:
        named = ", ".join(f"{run.id} ({run.tenant_id}/{run.campaign_id})" for run in found[:_NAMED_RUNS])
        more = ", and more" if len(found) > _NAMED_RUNS else ""
        message = f"RUN: {text} begins several runs: {named}{more}; more digits of one are expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    return found[0]


def this_command() -> str:
    """Spell `campaign` as it can be typed again: by name where it is on PATH, else as it was called."""
    called = sys.argv[0]
    return "campaign" if shutil.which("campaign") == called else called
