"""A play from the first picture to the result, wherever the bundle is opened."""

from typing import Any

import jsonschema
import pytest

from campaign_pipeline_tests.browser import Stage
from campaign_pipeline_tests.games.conftest import Framed, Opened
from campaign_pipeline_tests.games.harness import template


@pytest.fixture(params=["from_file", "in_frame"])
def stage(request: pytest.FixtureRequest, config: dict[str, Any]) -> Stage:
    opened: Stage = request.getfixturevalue(request.param)(config)
    return opened


def test_nothing_but_readiness_is_told_before_the_player_acts(stage: Stage) -> None:
    stage.spend(20_000)

    assert stage.types() == ["game_ready"]


def test_a_play_tells_ready_started_and_complete_once_each(stage: Stage, config: dict[str, Any]) -> None:
    result = stage.play()
    stage.spend(5000)

    landed = result["player_result"]["landed_segment_index"]
    assert stage.types() == ["game_ready", "game_started", "game_complete"]
    assert (result["source"], result["version"]) == ("campaign-game", 1)
    assert result["template_id"] == "spin_wheel_v1"
    assert config["mechanics"]["segments"][landed]["outcome"] == result["outcome"]
    assert result["score"] == (1 if result["outcome"] == "win" else 0)
    assert result["duration_ms"] >= config["mechanics"]["spin_duration_ms"]
    jsonschema.validate(result["player_result"], template("spin_wheel_v1")["player_result"])


def test_a_play_leaves_the_console_empty_and_the_bundle_alone(stage: Stage) -> None:
    stage.play()

    assert stage.console == []
    assert stage.strangers() == []


@pytest.mark.parametrize("probability", [0, 1])
def test_the_player_is_shown_the_message_and_the_segment_of_the_result(
    from_file: Opened, config: dict[str, Any], probability: int
) -> None:
    config["settings"]["difficulty"]["win_probability"] = probability
    stage = from_file(config)

    result = stage.play()

    segment = config["mechanics"]["segments"][result["player_result"]["landed_segment_index"]]
    message = config["copy"]["win_message" if probability else "lose_message"]
    assert result["outcome"] == ("win" if probability else "lose")
    assert stage.game.locator("#result-message").inner_text() == message
    assert stage.game.locator("#result-prize").inner_text() == segment["label"]
    assert stage.game.locator("#announcer").text_content() == f"{message} {segment['label']}"


def test_the_pointer_stands_on_the_segment_that_is_reported(
    from_file: Opened, config: dict[str, Any]
) -> None:
    stage = from_file(config)

    result = stage.play()

    matrix = stage.game.evaluate(
        "() => { const m = new DOMMatrix(getComputedStyle(document.querySelector('#rotor')).transform);"
        "return [m.a, m.b]; }"
    )
    degrees = stage.game.evaluate("([a, b]) => Math.atan2(b, a) * 180 / Math.PI", matrix)
    assert int((-degrees % 360) / 45) == result["player_result"]["landed_segment_index"]


def test_the_wheel_itself_can_be_tapped(from_file: Opened, config: dict[str, Any]) -> None:
    stage = from_file(config)

    stage.game.locator("#wheel").click()

    assert stage.types() == ["game_ready", "game_started"]


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_the_keyboard_alone_plays_and_plays_again(
    from_file: Opened, config: dict[str, Any], key: str
) -> None:
    stage = from_file(config)

    for _ in range(2):
        stage.page.keyboard.press(key)
        stage.spend(9000)
        stage.page.keyboard.press(key)

    one_play = ["game_ready", "game_started", "game_complete"]
    assert stage.types() == [*one_play, *one_play, "game_ready"]


def test_the_button_starts_one_play_however_often_it_is_pressed(
    from_file: Opened, config: dict[str, Any]
) -> None:
    stage = from_file(config)

    for _ in range(3):
        stage.game.locator("#action").click(force=True)

    assert stage.types() == ["game_ready", "game_started"]


@pytest.mark.parametrize("context", [{"reduced_motion": "reduce"}], indirect=True)
def test_reduced_motion_turns_the_spin_into_a_short_one(from_file: Opened, config: dict[str, Any]) -> None:
    stage = from_file(config)

    result = stage.play()

    assert result["duration_ms"] < 1000
    assert stage.game.evaluate("() => document.getAnimations().length") == 0


def test_a_pause_stops_the_wheel_and_takes_no_time_of_the_play(
    from_file: Opened, config: dict[str, Any]
) -> None:
    stage = from_file(config)
    stage.game.locator("#action").click()

    stage.game.locator("#pause").click()
    stage.spend(30_000)
    while_paused = stage.types()
    stage.game.locator("#resume").click()
    stage.spend(9000)

    (result,) = stage.messages("game_complete")
    assert while_paused == ["game_ready", "game_started"]
    assert result["duration_ms"] < 9000


def test_a_host_sees_one_play_of_a_framed_game(in_frame: Framed, config: dict[str, Any]) -> None:
    stage = in_frame(config)

    stage.send("start")
    stage.spend(9000)

    assert stage.types() == ["game_ready", "game_started", "game_complete"]
    assert {message["origin"] for message in stage.messages()} == {"null"}
