"""A run's rows, held against each other.

Belongs here: what must be true of a run, its steps, what they came to, and its context.
Does not belong here: reading them (storage.auditing), and bytes (building.auditor).
"""

from collections.abc import Iterator

from campaign_pipeline.building.audit import Problem, ProblemKind
from campaign_pipeline.model.steps import STEP_BY_ID
from campaign_pipeline.storage import CacheRecord, RunStatus, RunStepStatus, StepRecord
from campaign_pipeline.storage.auditing import WholeRun
from campaign_pipeline.storage.states import ACTIVE_RUN, ACTIVE_STEP

_HISTORY = (
    "nothing is built from this row; no code of ours writes that, so look for who else writes to the tables"
)


def run_problems(whole: WholeRun) -> Iterator[Problem]:
    """Say what is wrong with a run, if anything."""
    run_id = whole.run.id
    for message, advice in _run_flaws(whole):
        yield _problem(whole, "run", f"run {run_id}", message, advice)
    for step in whole.steps:
        subject = f"step {step.step_id} of run {run_id}"
        for message in (*_step_flaws(whole, step), *_result_flaws(whole, step)):
            yield _problem(whole, "step", subject, message, _build_again(whole))
    if not any(step.trimmed_at for step in whole.steps):
        for message in _context_flaws(whole):
            yield _problem(whole, "context", f"context of run {run_id}", message, _HISTORY)


def entry_problem(entry: CacheRecord) -> Problem | None:
    """Say what is wrong with a reusable result, if anything; one that has expired is never served."""
    message = None if entry.expired else _entry_flaw(entry)
    if message is None:
        return None
    return Problem(
        kind="cache_entry",
        tenant_id=entry.tenant_id,
        subject=f"reusable result of {entry.step_id} under {entry.cache_key}",
        message=message,
        advice="it is not served; the next build that asks for it makes the result anew and repairs the entry",
    )


def _entry_flaw(entry: CacheRecord) -> str | None:
    artifact, step = entry.artifact, STEP_BY_ID.get(entry.step_id)
    if artifact is None:
        named = ", ".join(entry.artifact_ids) or "nothing"
        return f"names {named}, which is no artifact"
    if artifact.tenant_id != entry.tenant_id:
        return f"names artifact {artifact.id} of tenant {artifact.tenant_id}"
    if step is not None and artifact.type != step.artifact_type:
        return f"names artifact {artifact.id}, which is {artifact.type}; {step.artifact_type} is expected"
    return None


def _run_flaws(whole: WholeRun) -> Iterator[tuple[str, str]]:
    run, steps = whole.run, whole.steps
    active = [f"{step.step_id} is {step.status.value}" for step in steps if step.status in ACTIVE_STEP]
    if not steps:
        yield "has no step; a run has one for each that it was asked to run", _HISTORY
    elif run.status in ACTIVE_RUN and not active:
        advice = f"the next start of anything ends it, and so does campaign show {run.id}"
        yield f"is {run.status.value}, but all its steps have ended", advice
    if run.status in ACTIVE_RUN:
        return
    if active:
        yield f"is {run.status.value}, but {', '.join(active)}", _build_again(whole)
    if run.completed_at is None:
        yield f"is {run.status.value}, but when it ended is not recorded", _HISTORY
    if run.status is RunStatus.COMPLETED:
        missed = [step.step_id for step in steps if not _has_result(step) and step.status not in ACTIVE_STEP]
        if missed:
            yield f"is completed, but {', '.join(missed)} came to nothing", _build_again(whole)
    elif run.error is None:
        yield f"is {run.status.value}, but why is not recorded", _HISTORY


def _step_flaws(whole: WholeRun, step: StepRecord) -> Iterator[str]:
    for name in ("tenant_id", "campaign_id"):
        found, right = getattr(step, name), getattr(whole.run, name)
        if found != right:
            yield f"{name}: {found} found; the run's is {right}"
    if step.status is RunStepStatus.FAILED and step.error is None:
        yield "is failed, but why is not recorded"


def _result_flaws(whole: WholeRun, step: StepRecord) -> Iterator[str]:
    if _has_result(step) and not step.output_artifact_ids:
        yield f"is {step.status.value}, but names no artifact"
    if step.trimmed_at:
        return  # retention takes artifacts that only past runs name
    for artifact_id in step.output_artifact_ids:
        artifact = whole.artifacts.get(artifact_id)
        known = STEP_BY_ID.get(step.step_id)
        if artifact is None:
            yield f"names artifact {artifact_id}, which has no row"
        elif artifact.tenant_id != step.tenant_id:
            yield f"names artifact {artifact_id} of tenant {artifact.tenant_id}"
        elif known is not None and artifact.type != known.artifact_type:
            yield f"names artifact {artifact_id}, which is {artifact.type}; {known.artifact_type} is expected"


def _context_flaws(whole: WholeRun) -> Iterator[str]:
    context = whole.run.context
    refs, entries = context.get("refs", {}), context.get("artifacts", {})
    hashes = context.get("computed", {}).get("input_hashes_by_step", {})
    for step in whole.steps:
        first = step.output_artifact_ids[0] if step.output_artifact_ids else None
        if refs.get(step.step_id) != first:
            yield f"refs.{step.step_id}: {refs.get(step.step_id)} found; the step names {first}"
        if hashes.get(step.step_id) != step.input_hash:
            yield (
                f"computed.input_hashes_by_step.{step.step_id}: {hashes.get(step.step_id)} found; "
                f"the step says {step.input_hash}"
            )
    for artifact_id, artifact in whole.artifacts.items():
        found = entries.get(artifact_id, {}).get("hash")
        if found != artifact.content_hash:
            yield f"artifacts.{artifact_id}.hash: {found} found; the artifact's is {artifact.content_hash}"


def _has_result(step: StepRecord) -> bool:
    return step.cache_hit or step.status is RunStepStatus.COMPLETED


def _build_again(whole: WholeRun) -> str:
    return f"build it again: campaign build {whole.run.tenant_id}/{whole.run.campaign_id}"


def _problem(whole: WholeRun, kind: ProblemKind, subject: str, message: str, advice: str) -> Problem:
    run = whole.run
    return Problem(
        kind=kind, tenant_id=run.tenant_id, subject=subject, message=message, advice=advice, run_id=run.id
    )
