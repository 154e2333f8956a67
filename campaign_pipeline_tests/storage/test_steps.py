"""Steps, on both databases: hashed, started, reused, published, failed; and again, for retries come."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import event

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.storage import (
    IllegalTransitionError,
    Ledger,
    RunStatus,
    RunStepStatus,
    StepRecord,
    TenantLedger,
)
from campaign_pipeline_tests.storage.building import (
    ALL_STEPS,
    artifact_of,
    begin,
    entry_for,
    hash_of,
    open_run,
    produce,
    reuse,
)

_T = TypeVar("_T")

Ask = Callable[[TenantLedger, str, str], object]


def _hash(tenant: TenantLedger, run_id: str, input_hash: str) -> None:
    tenant.hash_step(run_id, "bgm", input_hash)


def _start(tenant: TenantLedger, run_id: str, input_hash: str) -> None:
    tenant.start_step(run_id, "bgm", input_hash=input_hash, attempt=1)


def _hit(tenant: TenantLedger, run_id: str, input_hash: str) -> None:
    earlier = produce(tenant, open_run(tenant, campaign_id="earlier"), "bgm")
    tenant.record_hit(run_id, "bgm", input_hash=input_hash, artifacts=[earlier.id])


WAYS_TO_ASK: tuple[Ask, ...] = (_hash, _start, _hit)


def test_a_step_stays_pending_while_it_hashes_and_runs_while_it_produces(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)

    tenant.hash_step(run.id, "bgm", hash_of("bgm"))
    hashed = _step(tenant, run.id, "bgm")
    tenant.start_step(run.id, "bgm", input_hash=hash_of("bgm"), attempt=1)
    started = _step(tenant, run.id, "bgm")

    assert (hashed.status, hashed.input_hash, hashed.started_at) == (
        RunStepStatus.PENDING,
        hash_of("bgm"),
        None,
    )
    assert (started.status, started.attempt) == (RunStepStatus.RUNNING, 1)
    assert started.started_at is not None


def test_on_a_retry_only_the_attempt_rises(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")
    first = _step(tenant, run.id, "bgm")

    second = tenant.start_step(run.id, "bgm", input_hash=hash_of("bgm"), attempt=2)

    assert (second.status, second.started_at, second.attempt) == (RunStepStatus.RUNNING, first.started_at, 2)


@pytest.mark.parametrize("ask", WAYS_TO_ASK, ids=("hashing", "starting", "hitting"))
def test_another_hash_for_a_step_that_runs_is_refused(ledger: Ledger, ask: Ask) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")

    with pytest.raises(IllegalTransitionError, match=r"bgm of run .* is running with input hash"):
        ask(tenant, run.id, hash_of("game_config"))

    kept = tenant.run(run.id)
    assert kept is not None
    assert kept.context["computed"]["input_hashes_by_step"] == {"bgm": hash_of("bgm")}


@pytest.mark.parametrize("ask", WAYS_TO_ASK, ids=("hashing", "starting", "hitting"))
def test_what_a_step_is_asked_stands_in_the_step_and_in_the_run_which_runs_from_then_on(
    ledger: Ledger, ask: Ask
) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)

    ask(tenant, run.id, hash_of("bgm"))

    asked = tenant.run(run.id)
    assert asked is not None
    assert asked.status is RunStatus.RUNNING
    assert asked.context["computed"] == {"input_hashes_by_step": {"bgm": hash_of("bgm")}}
    assert _step(tenant, run.id, "bgm").input_hash == hash_of("bgm")


@pytest.mark.parametrize("ask", WAYS_TO_ASK, ids=("hashing", "starting", "hitting"))
@pytest.mark.parametrize("wrong", ["not-a-hash", hash_of("bgm").upper(), hash_of("bgm")[:-1], ""])
def test_an_input_hash_that_is_none_is_refused(ledger: Ledger, wrong: str, ask: Ask) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)

    with pytest.raises(CampaignError, match="input_hash: ") as refused:
        ask(tenant, run.id, wrong)

    assert refused.value.code is ErrorCode.INVALID_HASH
    assert tenant.run(run.id) == run


@pytest.mark.parametrize("field", ["content_hash", "cache_key", "input_hash"])
def test_publishing_under_what_is_no_hash_is_refused_and_leaves_nothing(ledger: Ledger, field: str) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")
    good, wrong = hash_of("bgm"), "md5:1234"
    artifact = replace(artifact_of("bgm"), content_hash=wrong if field == "content_hash" else good)
    entry = replace(
        entry_for(tenant, "bgm"),
        cache_key=wrong if field == "cache_key" else good,
        input_hash=wrong if field == "input_hash" else good,
    )

    with pytest.raises(CampaignError, match=f"{field}: 'md5:1234' found") as refused:
        tenant.publish(run.id, "bgm", artifact=artifact, cache=entry, duration_ms=1)

    assert refused.value.code is ErrorCode.INVALID_HASH
    assert tenant.artifacts(run.id) == []


def test_publishing_writes_artifact_step_and_reusable_result_together(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    entry = entry_for(tenant, "bgm")

    made = produce(tenant, run, "bgm", data=b"track", cache=entry)

    step, kept = _step(tenant, run.id, "bgm"), tenant.cache_entry(entry.cache_key)
    assert (made.run_id, made.skill_id, made.type) == (run.id, "generate_bgm_track", "audio/bgm")
    assert (made.content_hash, made.size_bytes, made.filename) == (content_hash(b"track"), 5, "bgm.bin")
    assert (step.status, step.output_artifact_ids, step.cache_hit) == (
        RunStepStatus.COMPLETED,
        [made.id],
        False,
    )
    assert (step.duration_ms, step.error) == (12, None)
    assert kept is not None
    assert (kept.artifact, kept.artifact_ids, kept.workflow_name) == (made, [made.id], "campaign.build")


def test_publishing_twice_gives_the_artifact_that_stands_there(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    made = produce(tenant, run, "bgm", data=b"first")

    tenant.start_step(run.id, "bgm", input_hash=hash_of("bgm"), attempt=2)
    again = tenant.publish(
        run.id, "bgm", artifact=artifact_of("bgm", data=b"second"), cache=None, duration_ms=1
    )

    assert again == made
    assert tenant.artifacts(run.id) == [made]


def test_publishing_what_does_not_run_is_refused_and_leaves_nothing(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    tenant.hash_step(run.id, "bgm", hash_of("bgm"))

    with pytest.raises(
        IllegalTransitionError, match="from pending to completed, but may only go to running or skip"
    ):
        tenant.publish(run.id, "bgm", artifact=artifact_of("bgm"), cache=None, duration_ms=1)

    assert tenant.artifacts(run.id) == []


def test_a_hit_is_skipped_with_the_earlier_artifact_and_no_new_row(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    earlier = produce(tenant, open_run(tenant), "bgm")
    run = open_run(tenant, step_ids=("bgm",))

    reuse(tenant, run, "bgm", artifact_id=earlier.id)

    step = _step(tenant, run.id, "bgm")
    assert (step.status, step.cache_hit, step.error) == (RunStepStatus.SKIPPED, True, None)
    assert (step.output_artifact_ids, step.input_hash) == ([earlier.id], hash_of("bgm"))
    assert step.diagnostics == {"cache": {"hit": True}}
    assert tenant.artifacts(run.id) == []
    ended = tenant.run(run.id)
    assert ended is not None
    assert ended.status is RunStatus.COMPLETED


def test_recording_a_hit_again_changes_nothing(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    earlier = produce(tenant, open_run(tenant), "bgm")
    run = open_run(tenant)
    reuse(tenant, run, "bgm", artifact_id=earlier.id)
    recorded = _step(tenant, run.id, "bgm")

    again = tenant.record_hit(run.id, "bgm", input_hash=hash_of("bgm"), artifacts=[earlier.id])

    assert again == recorded


def test_a_retry_that_finds_another_run_s_result_completes_with_it(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")
    other = produce(tenant, open_run(tenant), "bgm")

    step = tenant.record_hit(run.id, "bgm", input_hash=hash_of("bgm"), artifacts=[other.id])

    assert (step.status, step.cache_hit, step.output_artifact_ids) == (
        RunStepStatus.COMPLETED,
        True,
        [other.id],
    )


def test_a_hit_on_an_artifact_of_another_tenant_is_refused(ledger: Ledger) -> None:
    acme, demo = ledger.tenant("acme"), ledger.tenant("demo")
    theirs = produce(acme, open_run(acme), "bgm")
    run = open_run(demo)

    with pytest.raises(CampaignError, match="artifacts of tenant demo are expected"):
        demo.record_hit(run.id, "bgm", input_hash=hash_of("bgm"), artifacts=[theirs.id])

    assert demo.run(run.id) == run


def test_what_waits_for_a_failed_step_is_skipped_with_its_reason_and_the_rest_goes_on(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")

    failed = tenant.fail_step(run.id, "bgm", error="PROVIDER_ERROR: no answer", diagnostics={"tries": 3})
    meanwhile = tenant.run(run.id)
    produce(tenant, run, "game_config")

    ended, steps = tenant.run(run.id), {step.step_id: step for step in tenant.steps(run.id)}
    assert (failed.status, failed.error) == (RunStepStatus.FAILED, "PROVIDER_ERROR: no answer")
    assert (failed.diagnostics, failed.duration_ms is not None) == ({"tries": 3}, True)
    for behind in ("game_bundle", "campaign_manifest"):
        assert (steps[behind].status, steps[behind].cache_hit) == (RunStepStatus.SKIPPED, False)
        assert steps[behind].error == "waited for bgm, which ended with PROVIDER_ERROR: no answer"
    assert meanwhile is not None
    assert ended is not None
    assert (meanwhile.status, ended.status) == (RunStatus.RUNNING, RunStatus.FAILED)
    assert ended.error == "PROVIDER_ERROR: no answer"


def test_a_step_that_fails_before_it_produces_is_skipped_with_the_error(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant, step_ids=("bgm",))

    step = tenant.fail_step(run.id, "bgm", error="STORE_UNAVAILABLE: no\x00room")

    ended = tenant.run(run.id)
    assert (step.status, step.cache_hit, step.error) == (
        RunStepStatus.SKIPPED,
        False,
        "STORE_UNAVAILABLE: no\ufffdroom",
    )
    assert ended is not None
    assert (ended.status, ended.error) == (RunStatus.FAILED, step.error)


def test_failing_a_step_that_has_ended_changes_nothing(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    produce(tenant, run, "bgm")
    completed = _step(tenant, run.id, "bgm")

    again = tenant.fail_step(run.id, "bgm", error="GENERATION_FAILED: late")

    assert again == completed


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            "LEDGER_UNAVAILABLE: away: 1",
            "LEDGER_UNAVAILABLE: bgm was made, but the run could not go on from it: away: 1",
        ),
        ("KeyError: 'x'", "bgm was made, but the run could not go on from it: KeyError: 'x'"),
    ],
)
def test_what_goes_wrong_behind_a_result_is_not_told_as_the_steps_failure(
    ledger: Ledger, error: str, told: str
) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    made = produce(tenant, run, "bgm")
    produce(tenant, run, "game_config")

    tenant.fail_step(run.id, "bgm", error=error)

    ended, steps = tenant.run(run.id), {step.step_id: step for step in tenant.steps(run.id)}
    assert ended is not None
    assert (ended.status, ended.error) == (RunStatus.FAILED, told)
    assert (steps["bgm"].status, steps["bgm"].error) == (RunStepStatus.COMPLETED, None)
    assert steps["bgm"].output_artifact_ids == [made.id]
    assert {steps[behind].error for behind in ("game_bundle", "campaign_manifest")} == {told}


def test_a_step_that_failed_does_not_start_again(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")
    tenant.fail_step(run.id, "bgm", error="GENERATION_FAILED: no")

    with pytest.raises(
        IllegalTransitionError, match="from failed to running, but may only go to no other status"
    ):
        tenant.start_step(run.id, "bgm", input_hash=hash_of("bgm"), attempt=2)


def test_a_step_that_the_run_was_not_asked_to_run_is_named(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant, step_ids=("bgm",))

    with pytest.raises(CampaignError, match=r"step_id: 'game_config' found; run .* was asked to run bgm"):
        tenant.fail_step(run.id, "game_config", error="X")
    with pytest.raises(CampaignError, match=r"step_id: 'game_config' found; run .* has no such step"):
        tenant.hash_step(run.id, "game_config", hash_of("game_config"))


def test_workers_that_open_one_run_at_once_make_its_rows_once(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run_id = "123e4567-e89b-12d3-a456-426614174000"

    runs = _at_once(4, lambda _: open_run(tenant, run_id=run_id))

    assert {run.id for run in runs} == {run_id}
    assert [step.step_id for step in tenant.steps(run_id)] == list(ALL_STEPS)


@pytest.mark.parametrize("turn", range(3))
def test_steps_that_publish_at_once_keep_the_context_complete_and_end_the_run_once(
    ledger: Ledger, turn: int
) -> None:
    tenant = ledger.tenant(f"demo-{turn}")
    run = open_run(tenant)

    made = _at_once(4, lambda place: produce(tenant, run, ALL_STEPS[place]))

    ended = tenant.run(run.id)
    assert ended is not None
    assert ended.context["refs"] == dict(zip(ALL_STEPS, (artifact.id for artifact in made), strict=True))
    assert set(ended.context["computed"]["input_hashes_by_step"]) == set(ALL_STEPS)
    assert ended.status is RunStatus.COMPLETED


def test_steps_that_hash_while_the_run_is_refused_leave_nothing_unfinished(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)

    def act(place: int) -> None:
        if place == 0:
            tenant.refuse_run(run.id, "VALIDATION_ERROR: no brief")
            return
        try:
            produce(tenant, run, ALL_STEPS[place])
        except IllegalTransitionError:
            return

    _at_once(4, act)

    ended = tenant.run(run.id)
    assert ended is not None
    assert ended.status is RunStatus.FAILED
    assert {step.status for step in tenant.steps(run.id)} <= {RunStepStatus.SKIPPED, RunStepStatus.COMPLETED}


def test_a_cached_step_costs_one_read_and_one_transaction_of_four_statements(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    entries = {step_id: entry_for(tenant, step_id) for step_id in ALL_STEPS}
    earlier = open_run(tenant)
    for step_id, entry in entries.items():
        produce(tenant, earlier, step_id, cache=entry)
    run = open_run(tenant)

    costs = []
    for step_id, entry in entries.items():
        with _counted(ledger) as count:
            found = tenant.cache_entry(entry.cache_key)
            assert found is not None
            assert found.artifact is not None
            reuse(tenant, run, step_id, artifact_id=found.artifact.id)
        costs.append((count["statements"], count["commits"]))

    ended = tenant.run(run.id)
    assert ended is not None
    assert ended.status is RunStatus.COMPLETED
    # On Postgres a read is a transaction too, and each takes its scope on first.
    scopes = 0 if ledger._database.address.path else 1
    assert costs == [(1 + 4 + 2 * scopes, 1 + scopes)] * 4


def test_a_run_of_one_cached_step_is_running_before_it_completes(ledger: Ledger) -> None:
    """To the database, queued to completed in one statement would be an illegal move."""
    tenant = ledger.tenant("demo")
    earlier = produce(tenant, open_run(tenant), "bgm")
    run = open_run(tenant, step_ids=("bgm",))

    with _counted(ledger) as count:
        reuse(tenant, run, "bgm", artifact_id=earlier.id)

    ended = tenant.run(run.id)
    assert ended is not None
    assert ended.status is RunStatus.COMPLETED
    assert ended.started_at is not None
    scopes = 0 if ledger._database.address.path else 1
    assert (count["statements"], count["commits"]) == (5 + scopes, 1)


@contextmanager
def _counted(ledger: Ledger) -> Iterator[Counter[str]]:
    """Count what reaches the database: statements that read or write, and commits."""
    engine, count = ledger._database._engine, Counter[str]()

    def statement(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        count["statements"] += not sql.startswith("BEGIN")

    def commit(_connection: object) -> None:
        count["commits"] += 1

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    yield count
    event.remove(engine, "before_cursor_execute", statement)
    event.remove(engine, "commit", commit)


def _at_once(count: int, act: Callable[[int], _T]) -> list[_T]:
    """Let threads act at one moment."""
    barrier = Barrier(count)

    def wait_and_act(place: int) -> _T:
        barrier.wait()
        return act(place)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_and_act, range(count)))


def _step(tenant: TenantLedger, run_id: str, step_id: str) -> StepRecord:
    return next(step for step in tenant.steps(run_id) if step.step_id == step_id)
