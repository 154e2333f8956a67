"""What the contract says of the tables, read back from the tables themselves.

Belongs here: one function a rule; each gives what breaks it, in words.
Does not belong here: how the rows came to be.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, select

from campaign_pipeline.model.steps import downstream_of
from campaign_pipeline.storage import ArtifactStore, Verification
from campaign_pipeline.storage.states import ACTIVE_RUN, ACTIVE_STEP, RunStatus, RunStepStatus
from campaign_pipeline.storage.tables import ARTIFACT, LEASE, PROVIDER_ANSWER, RUN, RUN_STEP, STEP_CACHE

Rows = Sequence[RowMapping]


def unsound(connection: Connection, store: ArtifactStore) -> list[str]:
    """Say what is wrong where no build runs: everything has ended, and every byte that a row names is there."""
    return [
        *broken_rules(connection),
        *_unended(_rows(connection, RUN), _rows(connection, RUN_STEP)),
        *_held(_rows(connection, LEASE)),
        *_lost_bytes(connection, store),
    ]


def broken_rules(connection: Connection) -> list[str]:
    """Say which of the contract's rules on the tables are broken; they hold at every moment."""
    runs, steps = _rows(connection, RUN), _rows(connection, RUN_STEP)
    artifacts = {row["id"]: row for row in _rows(connection, ARTIFACT)}
    steps_of: dict[str, list[RowMapping]] = defaultdict(list)
    for step in steps:
        steps_of[step["run_id"]].append(step)
    return [
        *(word for run in runs for word in _of_run(run, steps_of[run["id"]])),
        *(word for step in steps for word in _of_step(step, artifacts)),
        *_of_entries(_rows(connection, STEP_CACHE), artifacts),
        *_of_artifacts(list(artifacts.values()), {run["id"]: run for run in runs}),
    ]


def _rows(connection: Connection, table: Table) -> Rows:
    return connection.execute(select(table)).mappings().all()


def _of_run(run: RowMapping, steps: list[RowMapping]) -> Iterator[str]:
    name, status = f"run {run['id']} is {run['status']}", run["status"]
    active = [step for step in steps if step["status"] in ACTIVE_STEP]
    came_to_something = all(step["status"] == RunStepStatus.COMPLETED or step["cache_hit"] for step in steps)
    if not steps:
        yield f"{name} without steps"
    if status not in ACTIVE_RUN and active:
        yield f"{name} with active steps"
    if status not in ACTIVE_RUN and run["completed_at"] is None:
        yield f"{name} without an end"
    if status == RunStatus.RUNNING and (not active or run["started_at"] is None):
        yield f"{name} with nothing to do, or no start"
    if status == RunStatus.QUEUED and any(step["status"] != RunStepStatus.PENDING for step in steps):
        yield f"{name} while its steps moved"
    if (status == RunStatus.COMPLETED) != (came_to_something and bool(steps) and status not in ACTIVE_RUN):
        yield f"{name}, which its steps deny"
    if (run["error"] is None) != (status in {*ACTIVE_RUN, RunStatus.COMPLETED}):
        yield f"{name} with error {run['error']!r}"
    yield from _of_context(run, steps)
    for step in steps:
        behind = downstream_of(step["step_id"]) if step["status"] == RunStepStatus.FAILED else ()
        if any(other["step_id"] in behind and other["status"] == RunStepStatus.PENDING for other in steps):
            yield f"{name}: steps wait for {step['step_id']}, which failed"


def _of_context(run: RowMapping, steps: list[RowMapping]) -> Iterator[str]:
    context: dict[str, Any] = run["context"]
    refs = {step["step_id"]: step["output_artifact_ids"][0] for step in steps if step["output_artifact_ids"]}
    hashes = {step["step_id"]: step["input_hash"] for step in steps if step["input_hash"] is not None}
    if context["refs"] != refs:
        yield f"run {run['id']}: refs are {context['refs']}, its steps came to {refs}"
    if set(context["artifacts"]) != set(refs.values()):
        yield f"run {run['id']}: its context describes other artifacts than it refers to"
    if context["computed"]["input_hashes_by_step"] != hashes:
        yield f"run {run['id']}: its context has other input hashes than its steps"


def _of_step(step: RowMapping, artifacts: dict[str, RowMapping]) -> Iterator[str]:
    name = f"step {step['step_id']} of run {step['run_id']}, {step['status']}, hit {step['cache_hit']}"
    status, outputs = step["status"], step["output_artifact_ids"]
    ended_well = status == RunStepStatus.COMPLETED or (status == RunStepStatus.SKIPPED and step["cache_hit"])
    if ended_well != bool(outputs):
        yield f"{name}: outputs {outputs}"
    if step["input_hash"] is None and (status in {"running", "completed", "failed"} or step["cache_hit"]):
        yield f"{name}: no input hash"
    if step["input_hash"] == "":
        yield f"{name}: an empty input hash"
    if (step["error"] is not None) != (status not in ACTIVE_STEP and not ended_well):
        yield f"{name}: error {step['error']!r}"
    if (step["completed_at"] is not None) != (status not in ACTIVE_STEP):
        yield f"{name}: completed at {step['completed_at']}"
    if status in {"running", "completed", "failed"} and step["started_at"] is None:
        yield f"{name}: never started"
    for artifact_id in outputs:
        found = artifacts.get(artifact_id)
        if found is None or found["tenant_id"] != step["tenant_id"]:
            yield f"{name}: artifact {artifact_id} is no artifact of its tenant"


def _of_entries(entries: Rows, artifacts: dict[str, RowMapping]) -> Iterator[str]:
    for entry in entries:
        for artifact_id in entry["artifact_ids"]:
            found = artifacts.get(artifact_id)
            if found is None or found["tenant_id"] != entry["tenant_id"]:
                yield f"entry {entry['cache_key']}: artifact {artifact_id} is no artifact of its tenant"


def _of_artifacts(artifacts: Rows, runs: dict[str, RowMapping]) -> Iterator[str]:
    for artifact in artifacts:
        if runs[artifact["run_id"]]["tenant_id"] != artifact["tenant_id"]:
            yield f"artifact {artifact['id']} is of another tenant than its run"


def _unended(runs: Rows, steps: Rows) -> Iterator[str]:
    yield from (f"run {row['id']} is still {row['status']}" for row in runs if row["status"] in ACTIVE_RUN)
    for row in steps:
        if row["status"] in ACTIVE_STEP:
            yield f"step {row['step_id']} of run {row['run_id']} is still {row['status']}"


def _held(leases: Rows) -> Iterator[str]:
    yield from (f"the lease of {row['subject']} is still held" for row in leases if row["holder"] is not None)


def _lost_bytes(connection: Connection, store: ArtifactStore) -> Iterator[str]:
    named = {
        **{row["content_hash"]: row["size_bytes"] for row in _rows(connection, ARTIFACT)},
        **{row["content_hash"]: row["size_bytes"] for row in _rows(connection, PROVIDER_ANSWER)},
    }
    for row in _rows(connection, ARTIFACT):
        for digest in row["metadata"].get("references", ()):
            named.setdefault(digest, None)
    for row in _rows(connection, LEASE):
        if row["result"] is not None:
            named.setdefault(row["result"]["content_hash"], row["result"]["size_bytes"])
    for digest, size in named.items():
        verdict = store.verify(digest, size_bytes=size)
        if verdict is not Verification.SOUND:
            yield f"{digest} is {verdict.value}"
