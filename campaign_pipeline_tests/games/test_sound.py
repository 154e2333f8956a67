"""Music after the first touch and never before, between its loop points, and silent when asked."""

from pathlib import Path
from typing import Any

import pytest

from campaign_pipeline_tests.browser import Stage
from campaign_pipeline_tests.games.conftest import Opened
from campaign_pipeline_tests.games.harness import LOOP_S, ROLL_S

# Audio runs in real time, and settles within a few tenths of a second.
SETTLED_MS = 600
AUDIBLE = 0.02


def audio(stage: Stage) -> dict[str, Any]:
    state: dict[str, Any] = stage.game.evaluate("CampaignRuntime.audio.inspect()")
    return state


def await_music(stage: Stage) -> None:
    stage.wait_for("CampaignRuntime.audio.inspect().level > 0.02")


@pytest.fixture(params=["from_file", "in_frame"])
def stage(request: pytest.FixtureRequest, config: dict[str, Any]) -> Stage:
    opened: Stage = request.getfixturevalue(request.param)(config, real_time=True)
    return opened


def test_no_sound_is_made_ready_before_a_gesture(stage: Stage) -> None:
    stage.page.wait_for_timeout(SETTLED_MS)

    state = audio(stage)

    assert (state["context"], state["started"], state["level"]) == ("none", False, 0)
    assert {Path(url).name for url in stage.requests if url.endswith(".js")} == {"runtime.js", "game.js"}


def test_the_music_sounds_after_a_gesture_between_its_loop_points(stage: Stage) -> None:
    stage.game.locator("#title").click()

    await_music(stage)

    state = audio(stage)
    assert (state["context"], state["loop"]) == ("running", True)
    assert (state["loopStart"], state["loopEnd"]) == (ROLL_S, ROLL_S + LOOP_S)
    assert stage.console == []
    assert stage.strangers() == []


def test_the_music_goes_on_past_its_end(from_file: Opened, config: dict[str, Any]) -> None:
    stage = from_file(config, real_time=True)
    stage.game.locator("#title").click()
    await_music(stage)

    stage.page.wait_for_timeout(1000 * (LOOP_S + 2 * ROLL_S))

    assert audio(stage)["level"] > AUDIBLE


def test_a_start_by_the_host_alone_makes_no_sound(in_frame: Opened, config: dict[str, Any]) -> None:
    stage = in_frame(config, real_time=True)

    stage.send("start")

    assert audio(stage)["context"] == "none"


def test_mute_silences_at_once_and_lets_go_again(stage: Stage) -> None:
    stage.game.locator("#title").click()
    await_music(stage)

    stage.game.locator("#mute").click()
    stage.wait_for("CampaignRuntime.audio.inspect().level === 0")
    stage.game.locator("#mute").click()

    await_music(stage)
    assert audio(stage)["muted"] is False


def test_a_game_muted_before_the_first_sound_stays_silent(from_file: Opened, config: dict[str, Any]) -> None:
    stage = from_file(config, real_time=True)

    stage.game.locator("#mute").click()
    stage.wait_for("CampaignRuntime.audio.inspect().started")
    stage.page.wait_for_timeout(SETTLED_MS)

    assert (audio(stage)["context"], audio(stage)["level"]) == ("running", 0)


def test_a_pause_stops_the_music(from_file: Opened, config: dict[str, Any]) -> None:
    stage = from_file(config, real_time=True)
    stage.game.locator("#title").click()
    await_music(stage)

    stage.game.locator("#pause").click()
    stage.wait_for("CampaignRuntime.audio.inspect().context === 'suspended'")
    stage.game.locator("#resume").click()

    stage.wait_for("CampaignRuntime.audio.inspect().context === 'running'")


def test_a_page_out_of_sight_is_silent(from_file: Opened, config: dict[str, Any]) -> None:
    stage = from_file(config, real_time=True)
    stage.game.locator("#title").click()
    await_music(stage)

    # Headless pages are never hidden; the browser's own signal is what the game goes by.
    stage.game.evaluate(
        "() => { Object.defineProperty(document, 'hidden', {value: true});"
        "document.dispatchEvent(new Event('visibilitychange')); }"
    )

    stage.wait_for("CampaignRuntime.audio.inspect().context === 'suspended'")


def test_a_campaign_without_music_loads_none(from_file: Opened, config: dict[str, Any]) -> None:
    config["audio"]["bgm"]["enabled"] = False
    stage = from_file(config, real_time=True)

    stage.game.locator("#title").click()
    stage.page.wait_for_timeout(SETTLED_MS)

    assert (audio(stage)["context"], audio(stage)["started"]) == ("running", False)


def test_music_that_does_not_loop_plays_once(from_file: Opened, config: dict[str, Any]) -> None:
    config["audio"]["bgm"]["loop"] = False
    stage = from_file(config, real_time=True)
    stage.game.locator("#title").click()
    await_music(stage)

    stage.wait_for("CampaignRuntime.audio.inspect().level === 0")

    assert audio(stage)["started"] is True


def test_the_volume_of_the_music_is_the_configured_one(from_file: Opened, config: dict[str, Any]) -> None:
    config["audio"]["bgm"]["volume"] = 0
    stage = from_file(config, real_time=True)

    stage.game.locator("#title").click()
    stage.wait_for("CampaignRuntime.audio.inspect().started")
    stage.page.wait_for_timeout(SETTLED_MS)

    assert audio(stage)["level"] == 0
