"""A run while it runs.

Belongs here: telling what is expected before it starts, a live table, or a line for each step that has ended.
Does not belong here: the run as it stands when all is over (runs).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console
from rich.live import Live
from rich.markup import escape

from campaign_pipeline.building.analysis import StepAnalysis
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.storage import StepRecord, TenantLedger
from campaign_pipeline.terminal.runs import how, mark, never_began, step_table
from campaign_pipeline.terminal.screen import short
from campaign_pipeline.terminal.stillness import stillness

_POLL_S = 0.1
_ENDED = frozenset({"completed", "failed", "skipped"})


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
    told = False
    # Inside: to put what is written to standard error above the table, it takes that stream for itself.
    with Live(console=console, refresh_per_second=10, transient=True) as live, stillness():
        while not ended.wait(_POLL_S):
            steps = _steps_now(ledger, run_id)
            if steps is None:
                continue
            told = told or _tell_expected(console, steps)
            live.update(step_table(steps, artifacts={}, width=console.width))


def _print_as_they_end(console: Console, ledger: TenantLedger, run_id: str, ended: Event) -> None:
    told_expected = False
    told: set[str] = set()
    going = True
    with stillness():
        while going:
            going = not ended.wait(_POLL_S)
            steps = _steps_now(ledger, run_id) or []
            told_expected = told_expected or _tell_expected(console, steps)
            for step in steps:
                if step.status in _ENDED and step.step_id not in told and not never_began(step):
                    told.add(step.step_id)
                    # Why it failed is told with the whole run, when that has ended.
                    line = f"{mark(step)} {step.step_id}: {escape(how(step, run_error=step.error))}"
                    console.print(line, highlight=False, soft_wrap=True)


def _steps_now(ledger: TenantLedger, run_id: str) -> list[StepRecord] | None:
    """Look once; None where the ledger is away: the run itself meets that too, and tells it if it matters."""
    try:
        return ledger.steps(run_id)
    except CampaignError:
        return None


def _tell_expected(console: Console, steps: list[StepRecord]) -> bool:
    """Say what is expected of each step, above what is drawn; tell whether there was anything to say."""
    expected = [StepAnalysis.of(step.step_id, step.diagnostics).expected for step in steps]
    lines = [f"[dim]expected of {step.step_id}: {escape(short(step.words))}[/]" for step in expected if step]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)
    return bool(lines)
