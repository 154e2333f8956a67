"""What was verified, as the UI lists it: one asset check a property, on a build and on its reuse."""

import subprocess
import sys
from typing import Any

import dagster as dg
import pytest

from campaign_pipeline.orchestration.checks import PROPERTIES
from campaign_pipeline.orchestration.instance import opened_instance
from campaign_pipeline_tests.workplace import Desk

KEY = "demo/small"
NAMED = {(asset, name) for asset, properties in PROPERTIES.items() for name in properties}


def evaluations(run_id: str) -> dict[tuple[str, str], Any]:
    """Give a run's check evaluations by asset and property."""
    with opened_instance() as instance:
        records = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [record.get_dagster_event().asset_check_evaluation_data for record in records]
    return {(data.asset_key.to_user_string(), data.check_name): data for data in found}


def test_each_property_is_reported_by_itself_with_what_was_found(desk: Desk) -> None:
    desk.place.write_brief(KEY)

    found = evaluations(desk.build(KEY)["id"])

    assert set(found) == NAMED
    assert {verdict.metadata["campaign"].value for verdict in found.values()} == {KEY}
    assert all(verdict.passed for verdict in found.values()), found
    loudness = found["bgm", "loudness"]
    assert loudness.description.endswith("is right")
    assert loudness.metadata["value"].value == pytest.approx(-18, abs=0.5)
    assert found["game_config", "contrast"].metadata["found"].value


def test_a_reuse_reports_the_same_and_measures_nothing_again(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    made = evaluations(desk.build(KEY)["id"])

    done = subprocess.run(
        [sys.executable, "-c", REUSE, KEY], capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stdout + done.stderr
    reused = evaluations(desk.place.tables().run[-1]["id"])
    assert {name: verdict.metadata for name, verdict in reused.items()} == {
        name: verdict.metadata for name, verdict in made.items()
    }
    assert all(step["cache_hit"] for step in desk.place.tables().run_step[-4:])


REUSE = """
import sys
from campaign_pipeline.cli import main
try:
    main(["build", sys.argv[1]], standalone_mode=False)
finally:
    assert not {"numpy", "soundfile", "samplerate"} & set(sys.modules), "sound was measured"
"""


def test_music_that_does_not_loop_is_not_asked_for_a_seam(desk: Desk) -> None:
    desk.place.write_brief(KEY, {"audio": {"loopable": False}})

    seam = evaluations(desk.build(KEY)["id"])["bgm", "seam"]

    assert (seam.passed, seam.description) == (True, f"{KEY}: not asked of this artifact")


def test_a_failed_verification_is_a_failed_step_and_nothing_is_reported_or_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)
    monkeypatch.setattr("campaign_pipeline.providers.finishing.verification.HIGHEST_TRUE_PEAK_DBTP", -90.0)

    result = desk.campaign("build", KEY)

    tables = desk.place.tables()
    [run] = tables.run
    assert result.exit_code == 1
    assert run["error"].startswith("GENERATION_FAILED: audio: ")
    assert "true peak" in run["error"]
    assert not [name for asset, name in evaluations(run["id"]) if asset == "bgm"]
    assert "generate_bgm_track" not in {row["skill_id"] for row in tables.artifact}


def test_steps_that_ask_models_have_a_pool_each() -> None:
    from campaign_pipeline.definitions import defs  # noqa: PLC0415  Dagster is loaded for the tests that need it

    pools = {
        key.to_user_string(): assets.op.pool
        for assets in defs.assets or ()
        if isinstance(assets, dg.AssetsDefinition)
        for key in assets.keys
    }
    assert pools == {
        "game_config": "campaign_text",
        "bgm": "campaign_audio",
        "game_bundle": None,
        "campaign_manifest": None,
    }
