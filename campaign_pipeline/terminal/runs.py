"""A run as it stands: its table, its totals, its JSON.

Belongs here: how the rows of a run are drawn.
Does not belong here: watching it (watch), plans (plans), the words of an analysis (building.analysis).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from campaign_pipeline.building.analysis import (
    StepAnalysis,
    fallback_words,
    provider_words,
    seconds,
    total_saved_ms,
)
from campaign_pipeline.storage import ArtifactRecord, RunRecord, StepRecord
from campaign_pipeline.terminal.screen import short, size

_MARKS = {
    "pending": "[dim]·[/]",
    "running": "[yellow]▸[/]",
    "completed": "[green]✔[/]",
    "failed": "[red]✘[/]",
}
_WIDTH_FOR_HASHES = 120
_HASH_DIGITS = slice(7, 15)  # after "sha256:", as many as of a run id


def show_run(
    console: Console, run: RunRecord, steps: list[StepRecord], artifacts: dict[str, ArtifactRecord]
) -> None:
    """Print a run: what it built, from what, what it reused, and how it ended."""
    key = f"{run.tenant_id}/{run.campaign_id}"
    console.print(
        f"[bold]{escape(key)}[/]  {run.workflow_name}  [bold]{run.status}[/]  run {run.id}",
        highlight=False,
        soft_wrap=True,
    )
    if not all(map(never_began, steps)):
        table = step_table(steps, artifacts=artifacts, width=console.width, run_error=run.error)
        console.print(table)
        console.print(f"[dim]{_totals(steps)}[/]", highlight=False)
    trimmed_at = _trimmed_at(steps)
    if trimmed_at:
        told = f"trimmed at {trimmed_at} by CAMPAIGN_RETENTION: why its steps were made or reused is no longer known"
        console.print(f"[dim]{told}[/]", highlight=False, soft_wrap=True)
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
            "trimmed_at": _trimmed_at(steps),
        },
        "steps": [_step_as_json(step, artifacts.get(step.step_id)) for step in steps],
        "cache": {
            "hits": sum(step.cache_hit for step in steps),
            "misses": sum(_was_made(step) for step in steps),
            "saved_ms": total_saved_ms(map(_analysis, steps)),
        },
    }


def _step_as_json(step: StepRecord, artifact: ArtifactRecord | None) -> dict[str, Any]:
    analysis, told = _analysis(step), step.diagnostics or {}
    return {
        "step_id": step.step_id,
        "skill_id": step.skill_id,
        "status": step.status,
        "cache_hit": step.cache_hit,
        "why": analysis.reason or None,
        "saved_ms": analysis.saved_ms,
        "expected": analysis.expected and analysis.expected.to_json(),
        "input_hash": step.input_hash,
        "attempt": step.attempt,
        "duration_ms": step.duration_ms,
        "timings": told.get("timings"),
        "provider": told.get("provider"),
        "fallback": told.get("fallback"),
        "error": step.error,
        "artifact": artifact
        and {
            "id": artifact.id,
            "type": artifact.type,
            "uri": artifact.uri,
            "content_hash": artifact.content_hash,
            "size_bytes": artifact.size_bytes,
        },
        "output": told.get("output"),
    }


def step_table(
    steps: list[StepRecord], *, artifacts: dict[str, ArtifactRecord], width: int, run_error: str | None = None
) -> Table:
    """Draw a run's steps; columns that would be empty, or have no room, are left out."""
    saved = any(_analysis(step).saved_ms is not None for step in steps)
    hashes = width >= _WIDTH_FOR_HASHES and any(step.input_hash for step in steps)
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    for name in ("", "step", "artifact"):
        table.add_column(name, no_wrap=True)
    for name in ("size", "time", *(["saved"] if saved else [])):
        table.add_column(name, justify="right", no_wrap=True)
    if hashes:
        table.add_column("inputs", no_wrap=True)
    table.add_column("what happened", overflow="fold")
    for step in steps:
        artifact, analysis = artifacts.get(step.step_id), _analysis(step)
        table.add_row(
            mark(step),
            step.step_id,
            artifact.type if artifact else "",
            size(artifact.size_bytes) if artifact else "",
            seconds(step.duration_ms) if step.duration_ms is not None else "",
            *([seconds(analysis.saved_ms) if analysis.saved_ms is not None else ""] if saved else []),
            *([(step.input_hash or "")[_HASH_DIGITS]] if hashes else []),
            escape(how(step, run_error=run_error)),
        )
    return table


def mark(step: StepRecord) -> str:
    """Give a step's status as one character."""
    if step.status == "skipped":
        return "[cyan]↺[/]" if step.cache_hit else "[dim]–[/]"
    return _MARKS[step.status]


def how(step: StepRecord, *, run_error: str | None) -> str:
    """Say what became of a step; what the whole run, or another step, says already is not said again."""
    analysis = _analysis(step)
    attempts = f"attempt {step.attempt}" if step.attempt > 1 else ""
    if step.error and step.error != run_error:
        said = f"{step.status}: {_without_what_ended(step)}"
    elif step.cache_hit or step.status == "completed":
        said = short(analysis.words)
    else:
        return str(step.status)
    stepped_in = fallback_words(analysis.fallback)
    told = (said, stepped_in, attempts, provider_words(analysis.provider), _compared(step, analysis))
    return " · ".join(filter(None, told))


def never_began(step: StepRecord) -> bool:
    """Tell a step that something else stopped: the run's error says it, once for all of them."""
    return step.status == "skipped" and not step.cache_hit


def _without_what_ended(step: StepRecord) -> str | None:
    """Cut the error of the step that was waited for: that step says it itself."""
    if not never_began(step) or step.error is None:
        return step.error
    return step.error.partition(", which ended with ")[0]


def _compared(step: StepRecord, analysis: StepAnalysis) -> str:
    """Hold what became of a step against what was expected of it."""
    if analysis.expected is None or not (step.cache_hit or _was_made(step)):
        return ""
    return "as expected" if analysis.as_expected else f"expected {short(analysis.expected.words)}"


def _trimmed_at(steps: Sequence[StepRecord]) -> str | None:
    """Tell when retention took a run's context and diagnostics; None while they are whole."""
    return next((step.trimmed_at for step in steps if step.trimmed_at), None)


def _was_made(step: StepRecord) -> bool:
    return step.status == "completed" and not step.cache_hit


def _totals(steps: Sequence[StepRecord]) -> str:
    reused = f"{sum(step.cache_hit for step in steps)} of {len(steps)} steps reused"
    saved = total_saved_ms(map(_analysis, steps))
    return f"{reused}, {seconds(saved)} saved" if saved else reused


def _analysis(step: StepRecord) -> StepAnalysis:
    analysis = StepAnalysis.of(step.step_id, step.diagnostics)
    # What retention has trimmed tells nothing of it any more; the step itself does.
    return replace(analysis, hit=step.cache_hit) if step.trimmed_at else analysis


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
