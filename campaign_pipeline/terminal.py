"""Runs as a terminal shows them: a live line a step, a table, or JSON.

Belongs here: how the ledger's rows are drawn.
Does not belong here: what commands there are (cli), and any reading that is not of the ledger.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from campaign_pipeline.storage import ArtifactRecord, RunRecord, StepRecord, TenantLedger

_MARKS = {
    "pending": "[dim]·[/]",
    "running": "[yellow]▸[/]",
    "completed": "[green]✔[/]",
    "failed": "[red]✘[/]",
}
_POLL_S = 0.1
_ENDED = frozenset({"completed", "failed", "skipped"})
_MEGABYTE = 1_000_000
_UUID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_PIPED_WIDTH = 110


def console(*, stderr: bool = False) -> Console:
    """Give the terminal; where output goes to a file or a pipe, lines are long enough for the tables."""
    found = Console(stderr=stderr)
    return found if found.is_terminal else Console(stderr=stderr, width=max(found.width, _PIPED_WIDTH))


@contextmanager
def watching(console: Console, ledger: TenantLedger, run_id: str) -> Iterator[None]:
    """Draw a run's steps as long as the context lasts; where nobody looks on, print each step once it has ended.

    It looks from a thread of its own at what the ledger says, so that the run itself need know nothing of it.
    """
    ended = Event()
    draw = _draw_live if console.is_terminal else _print_as_they_end
    thread = Thread(target=draw, args=(console, ledger, run_id, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _draw_live(console: Console, ledger: TenantLedger, run_id: str, ended: Event) -> None:
    with Live(console=console, refresh_per_second=10, transient=True) as live:
        while not ended.wait(_POLL_S):
            live.update(_step_table(ledger.steps(run_id), artifacts={}))


def _print_as_they_end(console: Console, ledger: TenantLedger, run_id: str, ended: Event) -> None:
    told: set[str] = set()
    going = True
    while going:
        going = not ended.wait(_POLL_S)
        for step in ledger.steps(run_id):
            if step.status in _ENDED and step.step_id not in told and not _never_began(step):
                told.add(step.step_id)
                line = f"{_mark(step)} {step.step_id}: {escape(_how(step, run_error=None))}"
                console.print(line, highlight=False, soft_wrap=True)


def show_run(
    console: Console, run: RunRecord, steps: list[StepRecord], artifacts: dict[str, ArtifactRecord]
) -> None:
    """Print a run: what it built, from what, and how it ended."""
    key = f"{run.tenant_id}/{run.campaign_id}"
    console.print(
        f"[bold]{escape(key)}[/]  {run.workflow_name}  [bold]{run.status}[/]  run {run.id}",
        highlight=False,
        soft_wrap=True,
    )
    if not all(map(_never_began, steps)):
        console.print(_step_table(steps, artifacts=artifacts, run_error=run.error))
    if run.error:
        console.print(f"[red]{escape(run.error)}[/]", highlight=False, soft_wrap=True)


def run_as_json(
    run: RunRecord, steps: list[StepRecord], artifacts: dict[str, ArtifactRecord]
) -> dict[str, Any]:
    """Give a run the shape that scripts read; names are the tables' own."""
    return {
        "run": {
            "id": run.id,
            "tenant_id": run.tenant_id,
            "campaign_id": run.campaign_id,
            "workflow_name": run.workflow_name,
            "status": run.status,
            "error": run.error,
            "base_run_id": run.base_run_id,
            "created_at": _iso(run.created_at),
            "started_at": _iso(run.started_at),
            "completed_at": _iso(run.completed_at),
        },
        "steps": [_step_as_json(step, artifacts.get(step.step_id)) for step in steps],
    }


def _step_as_json(step: StepRecord, artifact: ArtifactRecord | None) -> dict[str, Any]:
    return {
        "step_id": step.step_id,
        "skill_id": step.skill_id,
        "status": step.status,
        "cache_hit": step.cache_hit,
        "why": _reason(step),
        "input_hash": step.input_hash,
        "attempt": step.attempt,
        "duration_ms": step.duration_ms,
        "error": step.error,
        "artifact": artifact
        and {
            "id": artifact.id,
            "type": artifact.type,
            "uri": artifact.uri,
            "content_hash": artifact.content_hash,
            "size_bytes": artifact.size_bytes,
        },
    }


def _step_table(
    steps: list[StepRecord], *, artifacts: dict[str, ArtifactRecord], run_error: str | None = None
) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    for name in ("", "step", "artifact"):
        table.add_column(name, no_wrap=True)
    for name in ("size", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("what happened", overflow="fold")
    for step in steps:
        artifact = artifacts.get(step.step_id)
        table.add_row(
            _mark(step),
            step.step_id,
            artifact.type if artifact else "",
            _size(artifact.size_bytes) if artifact else "",
            f"{step.duration_ms / 1000:.2f} s" if step.duration_ms is not None else "",
            escape(_how(step, run_error=run_error)),
        )
    return table


def _mark(step: StepRecord) -> str:
    if step.status == "skipped":
        return "[cyan]↺[/]" if step.cache_hit else "[dim]–[/]"
    return _MARKS[step.status]


def _how(step: StepRecord, *, run_error: str | None) -> str:
    """Say what became of a step; what the whole run says already is not said again for each."""
    if step.error and step.error != run_error:
        return f"{step.status}: {step.error}"
    if step.cache_hit:
        return f"reused: {_short(_reason(step))}"
    if step.status == "completed":
        return f"made: {_short(_reason(step))}"
    return str(step.status)


def _never_began(step: StepRecord) -> bool:
    """Tell a step that something else stopped: the run's error says it, once for all of them."""
    return step.status == "skipped" and not step.cache_hit


def _short(text: str) -> str:
    """Cut run ids to the eight digits that Dagster's UI shows."""
    return _UUID.sub(lambda match: match[1], text)


def _reason(step: StepRecord) -> str:
    return str((step.diagnostics or {}).get("cache", {}).get("reason", ""))


def _size(size_bytes: int | None) -> str:
    if size_bytes is None:
        return ""
    if size_bytes < _MEGABYTE:
        return f"{size_bytes / 1000:,.1f} kB"
    return f"{size_bytes / _MEGABYTE:,.2f} MB"


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
