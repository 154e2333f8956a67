"""`campaign gc`: take away what nobody needs any longer.

Belongs here: its options, and gathering what they mean.
Does not belong here: collecting (building.collector), or drawing what was done (terminal).
"""

import json
import re
from difflib import get_close_matches

import click

from campaign_pipeline import terminal
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.collector import Collector
from campaign_pipeline.commands.running import end_lost_runs, lost_runs, opened_made_builder, plainly
from campaign_pipeline.errors import CampaignError, ErrorCode, shown
from campaign_pipeline.settings import duration, invalid
from campaign_pipeline.storage import Ledger

_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NAMED_TENANTS = 5


@click.command()
@click.option("--dry-run", is_flag=True, help="Count what would go, and change nothing.")
@click.option(
    "--grace",
    metavar="DURATION",
    help="Leave alone what is younger, such as 24h or 2d, 1m at least; by default what CAMPAIGN_GC_GRACE says.",
)
@click.option("--tenant", metavar="TENANT", help="Look at this tenant's rows only; bytes are everybody's.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@plainly
def gc(*, dry_run: bool, grace: str | None, tenant: str | None, as_json: bool) -> None:
    """Take away what has expired, runs past CAMPAIGN_RETENTION, and bytes that nothing refers to.

    It may run beside builds, be interrupted, and be run again.
    """
    if tenant is not None and not _TENANT.fullmatch(tenant):
        raise invalid("--tenant", tenant, "a tenant's name, of a-z, 0-9 and -,")
    given = None if grace is None else duration(grace, source="--grace", or_else=", 1m at least,")
    with opened_made_builder() as builder:
        if tenant is not None:
            _check_known(tenant, builder.ledger)
        settings = builder.settings
        spare = settings.gc_grace if given is None else given
        # A run that was lost counts as one that still runs, and everything since it began is spared.
        if dry_run:
            _tell_of_lost_runs(builder)
        else:
            end_lost_runs(builder)
        with terminal.telling(terminal.console(stderr=True), doing="collecting") as tell:
            collector = Collector(
                builder.ledger,
                builder.store,
                grace=spare,
                retention=settings.retention,
                tenant_id=tenant,
                tell=tell,
            )
            done = collector.rehearse() if dry_run else collector.collect()
    if as_json:
        click.echo(json.dumps(done.to_json(), indent=2))
    else:
        terminal.show_collection(terminal.console(), done)


def _check_known(tenant: str, ledger: Ledger) -> None:
    """Refuse a tenant that the ledger knows nothing of: a slip of the pen would collect nothing, and look like success.

    Raises:
        CampaignError: VALIDATION_ERROR, naming those that are meant, or may be.
    """
    known = ledger.cleaning("gc").tenants()
    if tenant in known:
        return
    near = get_close_matches(tenant, known, n=1)
    right = f"did you mean {near[0]}?" if near else _known(known)
    message = f"--tenant: {shown(tenant)} found; no row of the ledger is of that tenant; {right}"
    raise CampaignError(ErrorCode.VALIDATION_ERROR, message)


def _known(tenants: list[str]) -> str:
    if not tenants:
        return "it is empty"
    more = ", and more" if len(tenants) > _NAMED_TENANTS else ""
    return f"it has rows of {', '.join(tenants[:_NAMED_TENANTS])}{more}"


def _tell_of_lost_runs(builder: Builder) -> None:
    """Say that a collection would begin by ending runs, which a dry run does not: what it counts is then too little."""
    lost = len(lost_runs(builder))
    if lost:
        told = f"{lost} lost {'run' if lost == 1 else 'runs'} would be ended first"
        click.echo(f"{told}; what came after them is not counted, and may go too", err=True)
