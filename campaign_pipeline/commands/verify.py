"""`campaign verify`: is everything still as it was recorded?

Belongs here: its options, which runs are meant, and the exit code.
Does not belong here: auditing (building.auditor), or drawing what was found (terminal).
"""

import json
import sys

import click

from campaign_pipeline import terminal
from campaign_pipeline.building.brief_file import check_known
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.commands.running import (
    EXIT_COULD_NOT_LOOK,
    EXIT_FAILED,
    failing_with,
    lost_runs,
    opened_made_builder,
    run_of,
)
from campaign_pipeline.storage import RunRecord, RunStatus


@click.command()
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@failing_with(EXIT_COULD_NOT_LOOK)
def verify(*, runs: tuple[str, ...], as_json: bool) -> None:
    """Hash every byte again and hold the tables against each other and the store.

    Exit code 0: all is as it was recorded; 1: something is not; 2: it could not be looked at.

    RUN is a run id or its first 8 digits, or KEY (<tenant>/<campaign>) for the campaign's newest run that completed.
    Without one: everything of every tenant. Nothing is changed; building a campaign again repairs what can be repaired.
    """
    from campaign_pipeline.building.auditor import Auditor  # noqa: PLC0415  only this command

    with opened_made_builder() as builder:
        run_ids = [_run_meant_by(builder, run).id for run in runs]
        with terminal.telling(terminal.console(stderr=True), doing="verifying") as tell:
            auditor = Auditor(builder.ledger, builder.store, retention=builder.settings.retention, tell=tell)
            audit = auditor.audit_runs(run_ids) if run_ids else auditor.audit_all()
            audit.add(run.problem for run in lost_runs(builder, among=run_ids))
    if as_json:
        click.echo(json.dumps(audit.to_json(), indent=2))
    else:
        terminal.show_audit(terminal.console(), audit)
    sys.exit(EXIT_FAILED if audit.problems else 0)


def _run_meant_by(builder: Builder, text: str) -> RunRecord:
    """Find the run to look at; of a campaign it is one that came to all its artifacts, where there is one."""
    run = run_of(builder, text)
    if "/" not in text or run.status is RunStatus.COMPLETED:
        return run
    completed = builder.ledger.tenant(run.tenant_id).newest_completed_run(run.campaign_id)
    if completed is None:
        # Of a mistyped campaign there is the run that was refused for it, which has nothing to vouch for.
        check_known(builder.settings.briefs_dir, run.tenant_id, run.campaign_id)
    return completed or run
