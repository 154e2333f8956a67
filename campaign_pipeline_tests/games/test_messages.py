"""What a host can tell a game, and what nobody else can."""

from typing import Any

import pytest

from campaign_pipeline_tests.games.conftest import Framed


@pytest.fixture
def hosted(config: dict[str, Any]) -> dict[str, Any]:
    config["mechanics"]["outcome_mode"] = "host_supplied"
    return config


def test_equal_seeds_give_equal_plays(in_frame: Framed, config: dict[str, Any]) -> None:
    stage = in_frame(config)
    landed = []

    for seed in ["summer", "summer", 7, 7, "7"]:
        stage.send("seed", value=seed)
        landed.append(stage.play()["player_result"]["landed_segment_index"])
        stage.send("reset")

    assert landed[0] == landed[1]
    assert landed[2] == landed[3]
    assert len(set(landed)) > 1


def test_reset_begins_a_new_play_and_drops_the_one_under_way(
    in_frame: Framed, config: dict[str, Any]
) -> None:
    stage = in_frame(config)
    stage.send("start")
    stage.spend(1000)

    stage.send("reset")
    stage.spend(20_000)
    after_reset = stage.types()
    stage.play()

    assert after_reset == ["game_ready", "game_started", "game_ready"]
    assert stage.types() == [*after_reset, "game_started", "game_complete"]


@pytest.mark.parametrize(("outcome", "prize", "index"), [("win", "Mystery gift", 6), ("lose", "No luck", 5)])
def test_a_host_that_decides_gets_the_outcome_and_segment_it_named(
    in_frame: Framed, hosted: dict[str, Any], outcome: str, prize: str, index: int
) -> None:
    stage = in_frame(hosted)

    stage.send("outcome", outcome=outcome, prize=prize)
    result = stage.play()

    assert result["outcome"] == outcome
    assert result["player_result"] == {"type": "spin_wheel", "landed_segment_index": index}


def test_a_prize_that_is_not_on_the_wheel_still_lands_on_the_outcome(
    in_frame: Framed, hosted: dict[str, Any]
) -> None:
    stage = in_frame(hosted)

    stage.send("outcome", outcome="win", prize="No luck")
    result = stage.play()

    landed = result["player_result"]["landed_segment_index"]
    assert hosted["mechanics"]["segments"][landed]["outcome"] == result["outcome"] == "win"


def test_a_play_waits_for_its_host_and_says_so(in_frame: Framed, hosted: dict[str, Any]) -> None:
    stage = in_frame(hosted)

    stage.game.locator("#action").click()
    stage.spend(20_000)
    while_waiting = stage.types()
    told = stage.game.locator("#instructions").inner_text()
    stage.send("outcome", outcome="win", prize=None)
    stage.spend(9000)

    assert while_waiting == ["game_ready"]
    assert told == "One moment, please. Your game is being prepared."
    assert stage.types() == ["game_ready", "game_started", "game_complete"]
    assert stage.messages("game_complete")[0]["outcome"] == "win"


def test_an_outcome_is_for_one_play_only(in_frame: Framed, hosted: dict[str, Any]) -> None:
    stage = in_frame(hosted)
    stage.send("outcome", outcome="win", prize=None)
    stage.play()

    stage.send("reset")
    stage.send("start")
    stage.spend(20_000)

    assert len(stage.messages("game_started")) == 1


def test_a_host_decides_nothing_where_the_game_draws(in_frame: Framed, config: dict[str, Any]) -> None:
    config["settings"]["difficulty"]["win_probability"] = 0
    stage = in_frame(config)

    stage.send("outcome", outcome="win", prize="10% off")
    result = stage.play()

    assert result["outcome"] == "lose"


def test_a_host_can_pause_and_resume(in_frame: Framed, config: dict[str, Any]) -> None:
    stage = in_frame(config)
    stage.send("start")

    stage.send("pause")
    stage.spend(20_000)
    while_paused = stage.types()
    stage.send("resume")
    stage.spend(9000)

    assert while_paused == ["game_ready", "game_started"]
    assert stage.types() == ["game_ready", "game_started", "game_complete"]


def test_a_host_can_mute(in_frame: Framed, config: dict[str, Any]) -> None:
    stage = in_frame(config)

    stage.send("mute", muted=True)
    muted = stage.game.locator("#mute").get_attribute("aria-pressed")
    stage.send("mute", muted=False)

    assert muted == "true"
    assert stage.game.locator("#mute").get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize(
    "message",
    [
        {"source": "campaign-player", "version": 2, "type": "start"},
        {"source": "campaign-game", "version": 1, "type": "start"},
        {"version": 1, "type": "start"},
        {"source": "campaign-player", "version": 1, "type": "constructor"},
        {"source": "campaign-player", "version": 1},
        "start",
        None,
    ],
)
def test_another_envelope_is_ignored(in_frame: Framed, config: dict[str, Any], message: Any) -> None:
    stage = in_frame(config)

    stage.page.evaluate("message => send(message)", message)
    stage.send("mute", muted=True)

    assert stage.types() == ["game_ready"]
    assert stage.console == []


def test_a_message_from_any_window_but_the_parent_is_ignored(
    in_frame: Framed, config: dict[str, Any]
) -> None:
    stage = in_frame(config)

    stage.game.evaluate("postMessage({source: 'campaign-player', version: 1, type: 'start'}, '*')")
    stage.page.evaluate(
        """() => {
            const sibling = document.createElement('iframe');
            document.body.append(sibling);
            sibling.contentWindow.eval(
                "parent.frames[0].postMessage({source: 'campaign-player', version: 1, type: 'start'}, '*')");
        }"""
    )
    stage.send("mute", muted=True)

    assert stage.types() == ["game_ready"]


def test_an_outcome_that_is_none_of_the_two_is_ignored(in_frame: Framed, hosted: dict[str, Any]) -> None:
    stage = in_frame(hosted)

    stage.send("outcome", outcome="jackpot", prize=None)
    stage.send("start")
    stage.spend(20_000)

    assert stage.types() == ["game_ready"]
