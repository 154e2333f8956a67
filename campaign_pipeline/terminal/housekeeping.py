"""Housekeeping: what a collection did, what an audit found, and how far they are.

Belongs here: how reports of gc and verify are drawn.
Does not belong here: collecting (building.collector), auditing (building.auditor).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from campaign_pipeline.building.audit import Audit
from campaign_pipeline.building.collection import Collection
from campaign_pipeline.terminal.screen import size


@contextmanager
def telling(console: Console, *, doing: str) -> Iterator[Callable[[str], None]]:
    """Give what long work tells its progress to; where nobody looks on, nothing is said."""
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(doing) as status:
        yield lambda words: status.update(f"{doing}: {words}")


def show_collection(console: Console, done: Collection) -> None:
    """Print what went, or would go, a line for each kind of thing."""
    if done.dry_run:
        console.print("[bold]dry run[/]: nothing was changed; this would go", highlight=False)
    for kind, counts in _counts(done).items():
        told = ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)
        console.print(f"[dim]{kind:<8}[/] {told or 'nothing'}", highlight=False, soft_wrap=True)
    freed = "would be freed" if done.dry_run else "freed"
    console.print(f"{size(done.bytes_freed)} {freed}; blobs kept: {done.blobs_kept:,}", highlight=False)


def show_audit(console: Console, audit: Audit) -> None:
    """Print every problem with what to do about it, and what was looked at."""
    for problem in audit.problems:
        console.print(
            f"[red]✘[/] {escape(problem.subject)}: {escape(problem.message)}", highlight=False, soft_wrap=True
        )
        console.print(f"  [dim]{escape(problem.advice)}[/]", highlight=False, soft_wrap=True)
    if audit.more_problems:
        console.print(f"… and {audit.more_problems:,} more", highlight=False)
    checked = audit.checked
    looked_at = ", ".join(
        f"{name.replace('_', ' ')} {checked[name]:,}" for name in checked if name != "bytes"
    )
    console.print(f"checked: {looked_at}, {size(checked['bytes'])}", highlight=False, soft_wrap=True)
    verdict = "[green]✔[/] all is as it was recorded"
    if audit.problems:
        verdict = f"[red]✘[/] problems found: {len(audit.problems) + audit.more_problems:,}"
    console.print(verdict, highlight=False, soft_wrap=True)


def _counts(done: Collection) -> dict[str, dict[str, int]]:
    """Sort the counts by why things went; the words stand for one and for many."""
    return {
        "expired": {
            "of the reusable results": done.cache_entries,
            "of the providers' answers": done.provider_answers,
            "of the results that nobody came for": done.leases,
        },
        "past": {
            "of the runs": done.runs,
            "trimmed": done.runs_trimmed,
            "of the artifacts": done.artifacts,
        },
        "bytes": {
            "that nobody refers to": done.blobs,
            "never finished": done.unfinished,
            "damaged and replaced": done.quarantined,
        },
    }
