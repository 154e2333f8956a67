"""Other music for a campaign that was built: the job `campaign_update_audio`."""

from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml

from campaign_pipeline_tests.workplace import Desk, Workplace, job_words

KEY = "demo/small"
SYNTH = {"audio": {"provider": "synth"}}


def update_audio(place: Workplace, config: dict[str, Any]) -> CompletedProcess[str]:
    path = place.root / "update.yaml"
    path.write_text(yaml.safe_dump({"resources": {"trigger": {"config": config}}}))
    words = job_words("campaign_update_audio", tags={"dagster/partition": KEY})
    return place.command("dagster", *words, "-c", str(path))


def test_other_music_reuses_what_does_not_hold_it_and_the_base_runs_brief(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY, SYNTH)
    base = any_desk.build(KEY)
    any_desk.place.write_brief(KEY, {**SYNTH, "copy": {"title": "Edited since"}})

    done = update_audio(
        any_desk.place, {"base_run_id": base["id"], "overrides": {"audio": {"prompt": "a slow march"}}}
    )

    assert done.returncode == 0, done.stderr
    tables = any_desk.place.tables()
    run = tables.run[-1]
    assert (run["workflow_name"], run["base_run_id"]) == ("campaign.update_audio", base["id"])
    assert run["trigger"]["brief"]["copy"] == base["trigger"]["brief"]["copy"]
    assert tables.statuses(run["id"]) == {
        "game_config": ("skipped", True),
        "bgm": ("completed", False),
        "game_bundle": ("completed", False),
        "campaign_manifest": ("completed", False),
    }
    steps = tables.steps_of(run["id"])
    expected = {name: step["diagnostics"]["expected"] for name, step in steps.items()}
    assert {name: told["reuse"] for name, told in expected.items()} == {
        name: step["diagnostics"]["cache"]["hit"] for name, step in steps.items()
    }
    assert expected["bgm"]["reason"] == "audio.prompt changed"
    assert steps["bgm"]["diagnostics"]["cache"]["reason"] == "audio.prompt changed"
    assert "expected of bgm: run: audio.prompt changed" in done.stderr
    assert "expected of game_bundle: run: waits for bgm" in done.stderr


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"overrides": {"audio": {"bpm": 90}}}, "VALIDATION_ERROR: base_run_id: nothing found; "),
        ({"base_run_id": "BASE"}, "VALIDATION_ERROR: overrides: nothing found; audio, and nothing else,"),
        (
            {"base_run_id": "BASE", "overrides": {"audio": {"bpm": 90}, "copy": {"title": "x"}}},
            "VALIDATION_ERROR: overrides: copy found; audio, and nothing else,",
        ),
    ],
)
def test_an_update_of_the_music_takes_a_base_run_and_audio_alone(
    desk: Desk, config: dict[str, Any], message: str
) -> None:
    desk.place.write_brief(KEY)
    base = desk.build(KEY)
    given = {**config, "base_run_id": base["id"]} if "base_run_id" in config else config

    done = update_audio(desk.place, given)

    run = desk.place.tables().run[-1]
    assert done.returncode == 1
    assert run["status"] == "failed"
    assert run["error"].startswith(message)
