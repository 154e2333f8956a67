"""What every command shares: how it reaches the ledger, how it ends when something is wrong, which run is meant.

Belongs here: exit codes, and the words for a run or a campaign on a command line.
Does not belong here: any one command.
"""

import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

import click

from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import RunRecord

P = ParamSpec("P")
R = TypeVar("R")

EXIT_FAILED = 1


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


def run_of(builder: Builder, text: str) -> RunRecord:
    """Find a run by its id, or the newest of a campaign.

    Raises:
        CampaignError: VALIDATION_ERROR when it names neither.
    """
    try:
        run = builder.ledger.housekeeping("show").find_run(str(UUID(text)))
        missing = f"RUN: {text} is in no ledger row"
    except ValueError:
        campaign = CampaignKey.parse(text, source="RUN (a whole run id, or a campaign)")
        run = builder.ledger.tenant(campaign.tenant_id).newest_run(campaign.campaign_id)
        missing = f"RUN: {campaign} has no run yet; build it: campaign build {campaign}"
    if run is None:
        raise CampaignError(ErrorCode.VALIDATION_ERROR, missing)
    return run


def this_command() -> str:
    """Spell `campaign` as it can be typed again: by name where it is on PATH, else as it was called."""
    called = sys.argv[0]
    return "campaign" if shutil.which("campaign") == called else called
