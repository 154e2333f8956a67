"""`campaign show`, and what says the same beside it: the plan, the build's own lines, the UI's metadata."""

import json
from typing import Any
from unittest.mock import Mock

import dagster as dg
import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.providers import audio_choice
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.audio import AudioModel
from campaign_pipeline.storage import Ledger
from campaign_pipeline_tests.storage.building import open_run
from campaign_pipeline_tests.workplace import STEPS, Desk

KEY = "demo/small"
LONGER = "audio.duration_sec=11"


def shown(desk: Desk, run: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(desk.campaign("show", run, "--json").stdout)
    return told


def test_plan_show_and_the_ui_say_the_same_of_every_step(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    base = desk.build(KEY)
    words = (KEY, "--base-run", base["id"], "--set", LONGER)
    [plan] = json.loads(desk.campaign("plan", *words, "--json").stdout)["campaigns"]

    built = desk.campaign("build", *words)
    run = desk.place.tables().run[-1]

    told = {step["step_id"]: step for step in shown(desk, run["id"])["steps"]}
    with dg.DagsterInstance.from_config(str(desk.place.root)) as instance:
        log = [entry.user_message for entry in instance.all_logs(run["id"])]
        ui = {step_id: _metadata(instance, step_id) for step_id in STEPS}
    for step in plan["steps"]:
        step_id, reason = step["step_id"], step["reason"]
        expected = f"{'reuse' if step['reuse'] else 'run'}: {reason}"
        assert told[step_id]["expected"] == {"reuse": step["reuse"], "reason": reason}
        assert ui[step_id]["expected"] == expected
        assert f"expected of {step_id}: {expected}" in log
        assert f"expected of {step_id}: {expected.replace(base['id'], base['id'][:8])}\n" in built.output
        assert ui[step_id]["cache"] == ("hit" if told[step_id]["cache_hit"] else "miss")
        assert ui[step_id]["why"] == told[step_id]["why"]
        assert ui[step_id]["input hash"] == told[step_id]["input_hash"]
        if step["input_hash"] is not None:
            assert (step["input_hash"], reason) == (told[step_id]["input_hash"], told[step_id]["why"])
            assert step["saved_ms"] == told[step_id]["saved_ms"]
    assert ui["game_config"]["saved"] == f"{told['game_config']['saved_ms'] / 1000:.2f} s"
    assert built.output.index("expected of bgm") < built.output.index("made: audio.duration_sec changed")
    assert "made: audio.duration_sec changed · as expected" in built.output


def test_what_is_not_as_expected_is_told_with_what_was(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)

    # The stub plays one tone, whatever it is asked for: what waits for it is reused after all.
    result = desk.campaign("build", KEY, "--set", "audio.prompt=another tone")

    assert "↺ game_bundle: reused: same inputs as in run " in result.output
    assert " · expected run: waits for bgm\n" in result.output


def test_the_time_that_reuse_saved_adds_up(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    first = any_desk.build(KEY)
    again = any_desk.build(KEY)

    told = shown(any_desk, again["id"])

    took = {name: row["duration_ms"] for name, row in any_desk.place.tables().steps_of(first["id"]).items()}
    assert {step["step_id"]: step["saved_ms"] for step in told["steps"]} == took
    total = sum(took.values())
    assert told["cache"] == {"hits": 4, "misses": 0, "saved_ms": total}
    assert shown(any_desk, first["id"])["cache"] == {"hits": 0, "misses": 4, "saved_ms": 0}
    assert f"4 of 4 steps reused, {total / 1000:.2f} s saved" in any_desk.campaign("show", KEY).stdout


def test_a_run_is_found_by_the_first_digits_of_its_id(any_desk: Desk) -> None:
    ledger = Ledger.open(any_desk.place.ledger_url)
    for run_id in ("1a2b3c4d-0000-4000-8000-000000000001", "1a2b3c4d-ffff-4fff-bfff-fffffffffff2"):
        open_run(ledger.tenant("demo"), run_id=run_id)
    open_run(ledger.tenant("acme"), run_id="1a2b3c4e-0000-4000-8000-000000000003")
    ledger.close()

    assert shown(any_desk, "1A2B3C4E")["run"]["tenant_id"] == "acme"
    assert shown(any_desk, "1a2b3c4d-ffff")["run"]["id"].endswith("2")
    assert shown(any_desk, "1a2b3c4d0")["run"]["id"].endswith("1")
    ambiguous, unknown, short = (
        any_desk.campaign("show", text) for text in ("1a2b3c4d", "1a2b3c4f", "1a2b3c4")
    )
    assert {ambiguous.exit_code, unknown.exit_code, short.exit_code} == {1}
    assert "VALIDATION_ERROR: RUN: 1a2b3c4d begins several runs: " in ambiguous.stderr
    assert "1a2b3c4d-0000-4000-8000-000000000001 (demo/summer)" in ambiguous.stderr
    assert "1a2b3c4d-ffff-4fff-bfff-fffffffffff2 (demo/summer)" in ambiguous.stderr
    assert unknown.stderr.startswith(
        "VALIDATION_ERROR: RUN: '1a2b3c4f' found; no run begins so. The newest: "
    )
    assert "1a2b3c4e (acme/summer)" in unknown.stderr
    assert unknown.stderr.rstrip().endswith("campaign show <tenant>/<campaign> shows a campaign's newest")
    assert "RUN (a run id, 8 digits of it at least, or a campaign): '1a2b3c4' found" in short.stderr


def test_a_run_says_how_to_play_it_only_where_that_plays_its_own_game(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    old = any_desk.build(KEY)
    same = any_desk.build(KEY)
    of_the_same_game = any_desk.campaign("show", old["id"]).stdout
    any_desk.build(KEY, "--set", LONGER)

    of_the_old, of_the_newest = (any_desk.campaign("show", run).stdout for run in (same["id"], KEY))

    advice = f"preview {KEY}\n"
    assert of_the_same_game.splitlines()[-1].startswith("Play it: ")
    assert of_the_same_game.endswith(advice)
    assert "Play it" not in of_the_old
    assert of_the_old.splitlines()[-1] == (
        f"A newer run has another game, which is the one that `campaign preview {KEY}` plays"
    )
    assert of_the_newest.splitlines()[-1].startswith("Play it: ")
    assert of_the_newest.endswith(advice)


def _metadata(instance: dg.DagsterInstance, step_id: str) -> dict[str, Any]:
    [record] = instance.fetch_materializations(dg.AssetKey(step_id), limit=1).records
    assert record.asset_materialization is not None
    metadata = record.asset_materialization.metadata
    assert len(dg.serialize_value(record.asset_materialization)) < 10_000
    return {name: value.value for name, value in metadata.items()}


def test_show_says_who_stepped_in_for_whom_and_why(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(model: str | None, access: Access) -> AudioModel:
        adapter = audio_choice.ADAPTERS["stub"](None, access)
        adapter.model = model
        error = CampaignError(ErrorCode.PROVIDER_ERROR, "litellm is away")
        monkeypatch.setattr(adapter, "generate", Mock(side_effect=error))
        return adapter

    monkeypatch.setitem(audio_choice.ADAPTERS, "litellm", away)
    desk.place.write_brief(KEY, {"audio": {"provider": "litellm", "fallback": "stub"}})
    desk.build(KEY)

    [bgm] = [step for step in shown(desk, KEY)["steps"] if step["step_id"] == "bgm"]
    words = " ".join(desk.campaign("show", KEY).output.split())

    reason = {"provider": "litellm", "error": "PROVIDER_ERROR: litellm is away"}
    assert bgm["fallback"] == {"provider": "stub", "instead_of": [reason]}
    assert "stub stepped in" in words
