"""The bundle that a build leaves behind, played in a real browser."""

import io
import json
import re
import signal
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from campaign_pipeline_tests.browser import LISTEN, Opened, Stage
from campaign_pipeline_tests.workplace import Desk, Workplace

DEMO = "demo/summer-spin"
SETTLED_MS = 600

HOSTILE = {
    "title": "</script><script>broken = 1</script>",
    "instructions": '<img src="x" onerror="broken = 1"> {{7*7}} ${7*7}',
    "win_message": "{{7*7}} </script><script>broken = 1</script>",
    "lose_message": "<img src=x onerror=broken=1><!--",
}

# The runtime hands its music to decodeAudioData: what comes back is kept for the test.
WATCH_DECODING = """
window.decoded = [];
const decode = BaseAudioContext.prototype.decodeAudioData;
BaseAudioContext.prototype.decodeAudioData = function (...given) {
    return decode.apply(this, given).then((buffer) => { window.decoded.push(buffer.duration); return buffer; });
};
"""


def unpack_game(place: Workplace, folder: Path) -> dict[str, Any]:
    """Unpack the newest game that was built and give its configuration."""
    games = [row for row in place.tables().artifact if row["type"] == "bundle/game"]
    with zipfile.ZipFile(io.BytesIO(place.blob(games[-1]["content_hash"]).read_bytes())) as bundle:
        bundle.extractall(folder)
    config: dict[str, Any] = json.loads((folder / "game_config.json").read_bytes())
    return config


@pytest.fixture(params=["from a file", "in a sandboxed frame"])
def open_game(
    request: pytest.FixtureRequest,
    context: BrowserContext,
    tmp_path: Path,
    opened_file: Opened,
    framed_bundle: Opened,
) -> Opened:
    """Open the unpacked bundle as a double click does, or as a host does."""
    context.add_init_script(WATCH_DECODING)
    if request.param == "from a file":
        return partial(opened_file, tmp_path / "bundle" / "index.html")
    return framed_bundle


def audio(stage: Stage) -> dict[str, Any]:
    state: dict[str, Any] = stage.game.evaluate("CampaignRuntime.audio.inspect()")
    return state


def test_the_demo_plays_once_with_music_and_needs_nothing_but_itself(
    desk: Desk, tmp_path: Path, open_game: Opened
) -> None:
    desk.build(DEMO)
    config = unpack_game(desk.place, tmp_path / "bundle")
    stage = open_game(real_time=True)

    stage.page.wait_for_timeout(SETTLED_MS)
    before = audio(stage)
    # Not the button: what sounds after this touch is the music alone, without the effects of a play.
    stage.game.locator("#title").click()
    stage.wait_for("CampaignRuntime.audio.inspect().level > 0.02")
    sounding = audio(stage)
    stage.game.locator("#action").click()
    completed = stage.await_message("game_complete")

    bgm = config["audio"]["bgm"]
    assert (before["context"], before["started"], before["level"]) == ("none", False, 0)
    assert (sounding["context"], sounding["loop"]) == ("running", True)
    assert (sounding["loopStart"], sounding["loopEnd"]) == (bgm["loop_start_sec"], bgm["loop_end_sec"])
    [decoded_s] = stage.game.evaluate("decoded")
    assert bgm["loop_end_sec"] <= decoded_s <= bgm["loop_end_sec"] + 0.2
    assert stage.types() == ["game_ready", "game_started", "game_complete"]
    assert_told(completed, config)
    assert stage.console == []
    assert stage.strangers() == []


def assert_told(completed: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    landed = completed["player_result"]["landed_segment_index"]
    assert completed["template_id"] == config["template_id"]
    assert completed["player_result"] == {"type": "spin_wheel", "landed_segment_index": landed}
    assert config["mechanics"]["segments"][landed]["outcome"] == completed["outcome"]


@pytest.mark.parametrize(("outcome", "win_probability"), [("win", 1.0), ("lose", 0.0)])
def test_hostile_words_of_a_brief_are_shown_as_they_are_written(
    desk: Desk, tmp_path: Path, open_game: Opened, outcome: str, win_probability: float
) -> None:
    desk.place.write_brief(
        "demo/hostile",
        {"copy": HOSTILE, "difficulty": {"level": "easy", "win_probability": win_probability}},
    )
    desk.build("demo/hostile")
    unpack_game(desk.place, tmp_path / "bundle")
    stage = open_game(real_time=False)

    completed = stage.play()

    shown = {
        part: stage.game.locator(f"#{part}").text_content()
        for part in ("title", "instructions", "result-message")
    }
    assert completed["outcome"] == outcome
    assert shown == {
        "title": HOSTILE["title"],
        "instructions": HOSTILE["instructions"],
        "result-message": HOSTILE[f"{outcome}_message"],
    }
    assert stage.game.evaluate("document.title") == HOSTILE["title"]
    assert stage.game.evaluate("window.broken") is None
    assert stage.console == []
    assert stage.strangers() == []


@pytest.fixture
def preview(desk: Desk) -> Iterator["subprocess.Popen[str]"]:
    """`campaign preview` of the demo, as a command of its own."""
    desk.build(DEMO)
    # A child keeps ignoring what its parent ignores: a pytest in the background would hand down a deaf SIGINT.
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = desk.place.start("campaign", "preview", DEMO, PYTHONUNBUFFERED="1")
    yield process
    signal.signal(signal.SIGINT, earlier)
    process.kill()
    process.communicate()


def test_preview_serves_a_game_that_gets_ready_until_ctrl_c(
    preview: "subprocess.Popen[str]", context: BrowserContext
) -> None:
    assert preview.stdout is not None
    line = preview.stdout.readline()
    found = re.match(rf"{DEMO} plays at (http://127\.0\.0\.1:\d+/index\.html) ", line)
    assert found, line
    page = context.new_page()
    page.add_init_script(LISTEN)

    page.goto(found[1])
    ready = page.evaluate("seen.map((message) => message.type)")
    page.close()
    preview.send_signal(signal.SIGINT)
    rest, _ = preview.communicate(timeout=30)

    assert ready == ["game_ready"]
    assert (preview.returncode, rest.strip()) == (0, "")
