"""What every command shares: how it reaches the ledger, how it ends when something is wrong, which run is meant.

Belongs here: exit codes, and the words for a run or a campaign on a command line.
Does not belong here: any one command.
"""

import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from campaign_pipeline import terminal
from campaign_pipeline.building.brief_file import check_known
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.campaign_key import CampaignKey
from campaign_pipeline.building.lost_runs import LostRun, lost, seemingly_lost
from campaign_pipeline.building.reconciler import Reconciler
from campaign_pipeline.building.run_history import RunHistory
from campaign_pipeline.errors import CampaignError, ErrorCode, shown
from campaign_pipeline.settings import Settings
from campaign_pipeline.storage import Ledger, RunRecord
from campaign_pipeline.storage.ledger_address import LedgerAddress

P = ParamSpec("P")
R = TypeVar("R")

EXIT_FAILED = 1
EXIT_COULD_NOT_LOOK = 2
"""Of a command that tells by 1 what it has found."""

_FEWEST_DIGITS = 8
"""As many as Dagster's UI shows of a run's id."""

_RUN_ID = re.compile(rf"[0-9a-fA-F]{{{_FEWEST_DIGITS},32}}")
_NAMED_RUNS = 5


def failing_with(exit_code: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """End with an exit code and the error's own words, not with a traceback; so too where somebody interrupts."""

    def guard(command: Callable[P, R]) -> Callable[P, R]:
        @wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return command(*args, **kwargs)
            except CampaignError as error:
                click.echo(str(error), err=True)
            except KeyboardInterrupt:
                click.echo("interrupted", err=True)
            sys.exit(exit_code)

        return run

    return guard


plainly = failing_with(EXIT_FAILED)
"""What every command ends with that has no more to tell by its exit code than that it failed."""


def opened_builder() -> AbstractContextManager[Builder]:
    """Lend a builder over the environment's ledger and store."""
    return closing(Builder(Settings.from_environment()))


@contextmanager
def opened_made_builder() -> Iterator[Builder]:
    """Lend a builder over a ledger that is there already: whoever looks at what was built makes none by looking.

    Raises:
        CampaignError: LEDGER_UNAVAILABLE where there is none, or it cannot be reached; VALIDATION_ERROR for a setting.
    """
    settings = Settings.from_environment()
    ledger = Ledger.open_made(settings.database_url)
    if ledger is None:
        place = LedgerAddress.parse(settings.database_url).name
        message = f"there is no ledger at {place}; call this where campaigns are built, or check CAMPAIGN_DATABASE_URL"
        raise CampaignError(ErrorCode.LEDGER_UNAVAILABLE, f"{message}; the first `campaign build` makes one")
    with closing(Builder(settings)) as builder:
        builder.ledger = ledger
        yield builder


def end_lost_runs(builder: Builder) -> None:
    """End runs that were lost before anything is told of them; Dagster is loaded only where there seems to be one."""
    if not builder.reconciler.finds_any_lost():
        return

    try:
        with terminal.stillness(), _opened_history() as history:
            Reconciler(builder.ledger, history).try_to_reconcile()
    except CampaignError as error:
        click.echo(f"runs that are over could not be ended: {error}", err=True)


def lost_runs(builder: Builder, *, among: Sequence[str] = ()) -> list[LostRun]:
    """Find runs that are lost, and leave them as they are; Dagster is loaded only where there seems to be one.

    Args:
        among: Look at these only; without any, at all.

    Raises:
        CampaignError: LEDGER_UNAVAILABLE where Dagster's storage cannot be asked.
    """
    seeming = seemingly_lost(builder.ledger, among=among)
    if not seeming:
        return []
    with _opened_history() as history:
        return lost(seeming, history)


@contextmanager
def _opened_history() -> Iterator[RunHistory]:
    """Lend Dagster's record of runs; loading Dagster takes 2 s."""
    from campaign_pipeline.orchestration.history import DagsterHistory  # noqa: PLC0415  only where a run seems lost
    from campaign_pipeline.orchestration.instance import opened_instance  # noqa: PLC0415
    from campaign_pipeline.orchestration.outages import as_outage  # noqa: PLC0415

    try:
        with opened_instance() as instance:
            yield DagsterHistory(instance)
    except Exception as error:
        outage = as_outage(error)
        if outage is None:
            raise
        raise outage from error


def run_of(builder: Builder, text: str) -> RunRecord:
    """Find a run by its id or the beginning of it, or the newest of a campaign.

    Raises:
        CampaignError: VALIDATION_ERROR when it names no run, or more than one; UNKNOWN_CAMPAIGN when it names a
            campaign that has neither run nor brief.
    """
    digits = text.replace("-", "")
    if _RUN_ID.fullmatch(digits):
        return _run_beginning_with(builder, text)
    source = f"RUN (a run id, {_FEWEST_DIGITS} digits of it at least, or a campaign)"
    campaign = CampaignKey.parse(text, source=source)
    run = builder.ledger.tenant(campaign.tenant_id).newest_run(campaign.campaign_id)
    if run is None:
        check_known(builder.settings.briefs_dir, campaign.tenant_id, campaign.campaign_id)
        message = f"RUN: {campaign} has no run yet; build it: campaign build {campaign}"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    return run


def base_run_of(ledger: Ledger | None, text: str | None, *, tenant_id: str) -> str | None:
    """Find a tenant's run by the beginning of its id; what is found nowhere stays as it is, for the build to refuse.

    Raises:
        CampaignError: VALIDATION_ERROR when it begins more than one.
    """
    if ledger is None or text is None or not _RUN_ID.fullmatch(text.replace("-", "")):
        return text
    search = ledger.housekeeping("show")
    found = search.runs_beginning_with(text, limit=_NAMED_RUNS + 1, tenant_id=tenant_id)
    return _only_one(found, text, source="--base-run").id if found else text


def _run_beginning_with(builder: Builder, text: str) -> RunRecord:
    search = builder.ledger.housekeeping("show")
    found = search.runs_beginning_with(text, limit=_NAMED_RUNS + 1)
    if not found:
        newest = search.runs_beginning_with("", limit=_NAMED_RUNS)
        raise CampaignError(
            ErrorCode.VALIDATION_ERROR, f"RUN: {shown(text)} found; {_runs_there_are(newest)}"
        )
    return _only_one(found, text, source="RUN")


def _runs_there_are(newest: Sequence[RunRecord]) -> str:
    """Say what would be right where no run begins as it was written."""
    if not newest:
        return "there is no run yet; build a campaign: campaign build <tenant>/<campaign>"
    named = ", ".join(f"{run.id[:_FEWEST_DIGITS]} ({run.tenant_id}/{run.campaign_id})" for run in newest)
    return (
        f"no run begins so. The newest: {named}; campaign show <tenant>/<campaign> shows a campaign's newest"
    )


def _only_one(found: Sequence[RunRecord], text: str, *, source: str) -> RunRecord:
    if len(found) > 1:
        named = ", ".join(f"{run.id} ({run.tenant_id}/{run.campaign_id})" for run in found[:_NAMED_RUNS])
        more = ", and more" if len(found) > _NAMED_RUNS else ""
        message = f"{source}: {text} begins several runs: {named}{more}; more digits of one are expected"
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message)
    return found[0]


def this_command() -> str:
    """Spell `campaign` as it can be typed again: by name where it is on PATH, else as it was called."""
    called = sys.argv[0]
    return "campaign" if shutil.which("campaign") == called else called
