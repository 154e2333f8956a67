"""Runs, on both databases: opened once, held to one trigger, ended by their last step."""

from datetime import UTC
from uuid import uuid4

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage import Ledger, RunRecord, RunStatus, RunStepStatus
from campaign_pipeline_tests.storage.building import (
    ALL_STEPS,
    artifact_of,
    begin,
    hash_of,
    open_run,
    produce,
    reuse,
)


def test_a_run_opens_queued_with_a_pending_step_for_each_it_was_asked_to_run(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")

    run = open_run(tenant, step_ids=("campaign_manifest", "bgm"))

    steps = tenant.steps(run.id)
    assert (run.status, run.error, run.started_at) == (RunStatus.QUEUED, None, None)
    assert run.context == {"refs": {}, "artifacts": {}, "computed": {"input_hashes_by_step": {}}}
    assert [(step.step_id, step.skill_id, step.status, step.input_hash) for step in steps] == [
        ("bgm", "generate_bgm_track", RunStepStatus.PENDING, None),
        ("campaign_manifest", "assemble_campaign_manifest", RunStepStatus.PENDING, None),
    ]


def test_opening_a_run_again_gives_it_as_it_stands_and_adds_nothing(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant, step_ids=("bgm",))
    tenant.freeze_trigger(run.id, {"brief": {"title": "first"}})

    again = open_run(tenant, run_id=run.id)

    assert again.trigger == {"brief": {"title": "first"}}
    assert [step.step_id for step in tenant.steps(run.id)] == ["bgm"]


def test_an_id_in_another_spelling_is_the_same_run(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)

    found = tenant.run(run.id.upper().replace("-", ""))

    assert found == run


@pytest.mark.parametrize("step_ids", [(), ("bgm", "video")])
def test_a_run_of_no_step_or_of_an_unknown_one_is_refused(ledger: Ledger, step_ids: tuple[str, ...]) -> None:
    with pytest.raises(CampaignError, match="step_id") as refused:
        open_run(ledger.tenant("demo"), step_ids=step_ids)

    assert refused.value.code is ErrorCode.VALIDATION_ERROR


def test_an_id_that_is_no_uuid_is_refused(ledger: Ledger) -> None:
    with pytest.raises(CampaignError, match="run_id: 'latest' found; a UUID"):
        ledger.tenant("demo").run("latest")


def test_the_first_trigger_that_is_frozen_stays(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    tenant.freeze_trigger(run.id, {"brief": {"title": "first"}})

    second = tenant.freeze_trigger(run.id, {"brief": {"title": "second"}})

    assert second.trigger == {"brief": {"title": "first"}}


def test_what_is_expected_enters_the_steps_with_the_trigger_that_stays(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant, step_ids=("game_config", "bgm"))
    told = {"bgm": {"reuse": False, "reason": "audio.prompt changed"}}
    tenant.freeze_trigger(run.id, {"brief": {"title": "first"}}, expected=told)

    tenant.freeze_trigger(run.id, {"brief": {"title": "second"}}, expected={"game_config": {"reuse": True}})
    begin(tenant, run, "bgm")
    tenant.publish(
        run.id, "bgm", artifact=artifact_of("bgm"), cache=None, duration_ms=1, diagnostics={"read": {}}
    )

    config, music = tenant.steps(run.id)
    assert config.diagnostics == {}
    assert music.diagnostics == {"expected": told["bgm"], "read": {}}


def test_text_that_postgres_cannot_keep_is_kept_as_far_as_it_can_be(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)

    frozen = tenant.freeze_trigger(run.id, {"nul": "a\x00b\\u0000", "half": "\ud83d", "plain": "süß 🎡"})

    assert frozen.trigger == {"nul": "a\ufffdb\\u0000", "half": "?", "plain": "süß 🎡"}


def test_hashing_the_first_step_sets_the_run_running_and_says_who_works_on_it(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)

    tenant.hash_step(run.id, "bgm", hash_of("bgm"))

    running = tenant.run(run.id)
    assert running is not None
    assert running.status is RunStatus.RUNNING
    assert running.context["computed"] == {"input_hashes_by_step": {"bgm": hash_of("bgm")}}
    assert running.started_at is not None
    assert running.started_at.tzinfo is UTC
    assert None not in {running.heartbeat_at, running.worker_host, running.worker_pid}


def test_the_step_that_leaves_nothing_to_do_completes_the_run(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)

    statuses = []
    for step_id in ALL_STEPS:
        produce(tenant, run, step_id)
        statuses.append(_run(ledger, run.id).status)

    assert statuses == [RunStatus.RUNNING] * 3 + [RunStatus.COMPLETED]
    assert _run(ledger, run.id).completed_at is not None


def test_the_context_is_complete_after_every_step(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    earlier = produce(tenant, open_run(tenant), "bgm")
    run = open_run(tenant)

    made = produce(tenant, run, "game_config")
    reuse(tenant, run, "bgm", artifact_id=earlier.id)

    context = _run(ledger, run.id).context
    assert context["refs"] == {"game_config": made.id, "bgm": earlier.id}
    assert context["computed"] == {
        "input_hashes_by_step": {"game_config": hash_of("game_config"), "bgm": hash_of("bgm")}
    }
    assert context["artifacts"][made.id] == {
        "type": "json/game-config",
        "uri": made.uri,
        "hash": made.content_hash,
        "metadata": {"made_by": "game_config"},
        "created_at": made.created_at.isoformat().replace("+00:00", "Z"),
        "step_id": "game_config",
    }
    assert set(context["artifacts"]) == {made.id, earlier.id}


def test_a_refused_run_fails_with_its_steps_skipped_in_the_same_words(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    error = "MISSING_ASSET: videos.intro: clips/intro.mp4 not found"

    refused = tenant.refuse_run(run.id, error)

    steps = tenant.steps(run.id)
    assert (refused.status, refused.error) == (RunStatus.FAILED, error)
    assert None not in {refused.started_at, refused.completed_at}
    assert {(step.status, step.cache_hit, step.error, step.input_hash) for step in steps} == {
        (RunStepStatus.SKIPPED, False, error, None)
    }


def test_refusing_a_run_again_changes_nothing(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    refused = tenant.refuse_run(run.id, "VALIDATION_ERROR: first")

    again = tenant.refuse_run(run.id, "VALIDATION_ERROR: second")

    assert again == refused


def test_refusing_leaves_a_step_that_runs_alone_until_it_ends_the_run(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")

    meanwhile = tenant.refuse_run(run.id, "VALIDATION_ERROR: no brief")
    tenant.publish(run.id, "bgm", artifact=artifact_of("bgm"), cache=None, duration_ms=1)

    ended = _run(ledger, run.id)
    assert meanwhile.status is RunStatus.RUNNING
    assert (ended.status, ended.error) == (RunStatus.FAILED, "VALIDATION_ERROR: no brief")


def test_the_newest_run_of_a_campaign_is_found_however_it_ended(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    open_run(tenant)
    newest = open_run(tenant)
    open_run(tenant, campaign_id="winter")

    found = tenant.newest_run("summer")

    assert found is not None
    assert found.id == newest.id


def test_a_campaign_is_first_built_by_the_run_that_first_came_to_a_manifest(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    failed = open_run(tenant, step_ids=("campaign_manifest",))
    tenant.refuse_run(failed.id, "VALIDATION_ERROR: no")
    music_alone = open_run(tenant, step_ids=("bgm",))
    produce(tenant, music_alone, "bgm")
    before = tenant.first_built_at("summer")
    first, second = (open_run(tenant, step_ids=("campaign_manifest",)) for _ in range(2))
    produce(tenant, second, "campaign_manifest")
    produce(tenant, first, "campaign_manifest")

    built_at = tenant.first_built_at("summer")

    assert before is None
    assert built_at == first.created_at


def test_a_run_that_is_not_there_is_named(ledger: Ledger) -> None:
    missing = str(uuid4())

    with pytest.raises(CampaignError, match=f"run_id: {missing} found; tenant demo has no such run"):
        ledger.tenant("demo").refuse_run(missing, "VALIDATION_ERROR: no")


def _run(ledger: Ledger, run_id: str) -> RunRecord:
    run = ledger.housekeeping("show").find_run(run_id)
    assert run is not None
    return run
