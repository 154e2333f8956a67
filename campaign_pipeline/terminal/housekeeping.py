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

_KILOBYTE = 1000


@contextmanager
def telling(console: Console, *, doing: str) -> Iterator[Callable[[str], None]]:
    """Give what long work tells its progress to; where nobody looks on, nothing is said."""
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(doing) as status:
        yield lambda words: status.update(f"{doing}: {words}")


def show_collection(console: Console, done: Collection) -> None:
    """Print what went, or would go, a line for each reason that something had."""
    whose = "" if done.tenant_id is None else f" of tenant {done.tenant_id}"
    dry_run = "[bold]dry run[/]: " if done.dry_run else ""
    if done.found_nothing:
        console.print(f"{dry_run}nothing to collect{whose}{_left(done)}", highlight=False)
        return
    heading = "nothing was changed; this would go" if done.dry_run else "this was collected"
    console.print(f"{dry_run}{heading}", highlight=False)
    for reason, counts in _counts(done).items():
        told = ", ".join(_counted(number, one, many) for number, one, many in counts if number)
        if told:
            console.print(f"[dim]{reason}:[/] {told}", highlight=False, soft_wrap=True)
    kept = _counted(done.blobs_kept, "blob", "blobs")
    freed, stay = ("would be freed", "would stay") if done.dry_run else ("freed", "kept")
    console.print(f"{_freed(done.bytes_freed)} {freed}; {kept} {stay}", highlight=False)


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


def _left(done: Collection) -> str:
    if not done.blobs_kept:
        return "; the store holds no blob"
    return f": all is in use, kept, or too young; {_counted(done.blobs_kept, 'blob', 'blobs')} in the store"


def _counts(done: Collection) -> dict[str, list[tuple[int, str, str]]]:
    """Sort the counts by why things went, each with the words for one and for many."""
    return {
        "expired or left behind": [
            (done.cache_entries, "reusable result", "reusable results"),
            (done.provider_answers, "provider's answer", "providers' answers"),
            (done.leases, "result that nobody came for", "results that nobody came for"),
        ],
        "past CAMPAIGN_RETENTION": [
            (done.runs, "run", "runs"),
            (done.runs_trimmed, "run trimmed", "runs trimmed"),
            (done.artifacts, "artifact", "artifacts"),
        ],
        "in the store": [
            (done.blobs, "blob that nothing refers to", "blobs that nothing refers to"),
            (done.unfinished, "file never finished", "files never finished"),
            (done.quarantined, "damaged file that was replaced", "damaged files that were replaced"),
        ],
    }


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _freed(size_bytes: int) -> str:
    """Spell a size; what is less than a kilobyte would otherwise be told as nothing."""
    return _counted(size_bytes, "byte", "bytes") if size_bytes < _KILOBYTE else size(size_bytes)
