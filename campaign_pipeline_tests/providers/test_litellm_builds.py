"""Campaigns whose music comes from a proxy of our own, from the brief to the rows."""

import io
import json
import logging
import subprocess
import sys
import wave
from contextlib import closing

import pytest

from campaign_pipeline.storage import Ledger
from campaign_pipeline_tests.leaks import files_with, rows_with
from campaign_pipeline_tests.servers.http_server import Answer, LocalServer, hang, reply, reply_json
from campaign_pipeline_tests.servers.speech_server import speech
from campaign_pipeline_tests.workplace import STEPS, Desk, Row, Workplace, bare_environment

KEY = "demo/small"
CANARY = "sk-canary-5e0d7b31c9"
MUSIC: dict[str, object] = {"provider": None, "duration_sec": 10}
"""The provider is the environment's to choose."""


@pytest.fixture
def proxied(desk: Desk, http_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose music is made by the server."""
    return _proxied(desk, http_server, monkeypatch)


@pytest.fixture
def any_proxied(any_desk: Desk, http_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The same on either database."""
    return _proxied(any_desk, http_server, monkeypatch)


def _proxied(desk: Desk, server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Desk:
    server.answers(speech(key=CANARY, headers={"x-litellm-response-cost": "0.06"}))
    for name, value in _environment(server).items():
        monkeypatch.setenv(name, value)
    desk.place.write_brief(KEY, {"audio": MUSIC})
    return desk


def _environment(server: LocalServer) -> dict[str, str]:
    return {
        "CAMPAIGN_AUDIO_PROVIDER": "litellm",
        "CAMPAIGN_AUDIO_MODEL": "lyria",
        "LITELLM_BASE_URL": server.url,
        "LITELLM_API_KEY": CANARY,
        "CAMPAIGN_PROVIDER_TIMEOUT": "20s",
    }


def _silence() -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(bytes(4 * 44100 * 12))
    return target.getvalue()


def _music_step(desk: Desk, run: Row) -> Row:
    return desk.place.tables().steps_of(run["id"])["bgm"]


def _music(desk: Desk) -> Row:
    return [row for row in desk.place.tables().artifact if row["type"] == "audio/bgm"][-1]


def test_a_campaign_is_built_with_music_from_a_proxy(any_proxied: Desk, http_server: LocalServer) -> None:
    run = any_proxied.build(KEY)

    assert any_proxied.place.tables().statuses(run["id"]) == dict.fromkeys(STEPS, ("completed", False))
    [request] = http_server.received
    assert request.json()["model"] == "lyria"
    made = _music(any_proxied)["metadata"]
    assert made["metadata"] == {
        "providerId": "litellm",
        "model": "lyria",
        "durationSec": 10.0,
        "format": "mp3",
        "sampleRate": 44100,
        "channels": 2,
    }
    told = _music_step(any_proxied, run)["diagnostics"]["provider"]
    assert (told["providers"], told["calls"], told["cost_usd"]) == (["litellm"], 1, 0.06)


def test_another_bitrate_makes_the_file_anew_and_buys_no_music(
    proxied: Desk, http_server: LocalServer
) -> None:
    proxied.build(KEY)
    first = _music(proxied)

    run = proxied.build(KEY, "--set", "audio.bitrate_kbps=192")

    assert len(http_server.received) == 1
    assert proxied.place.tables().statuses(run["id"])["bgm"] == ("completed", False)
    assert _music(proxied)["content_hash"] != first["content_hash"]
    told = _music_step(proxied, run)["diagnostics"]["provider"]
    assert (told["calls"], told["answers_reused"], told["cost_usd"]) == (0, 1, 0.0)


def test_a_proxy_that_asks_to_be_left_alone_is_not_asked_by_a_retry_of_the_step(
    proxied: Desk, http_server: LocalServer
) -> None:
    http_server.answers(reply(status=429, headers={"Retry-After": "300"}), speech())

    failed = proxied.campaign("build", KEY)

    assert failed.exit_code == 1
    assert "it asks to be left alone for 300 s: build again after that" in failed.output
    assert len(http_server.received) == 1


def test_a_proxy_that_does_not_answer_is_waited_for_once(
    proxied: Desk, http_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_PROVIDER_TIMEOUT", "1s")
    http_server.answers(hang(), speech())

    failed = proxied.campaign("build", KEY)

    assert "no whole answer found within the 1 s of CAMPAIGN_PROVIDER_TIMEOUT" in failed.output
    assert len(http_server.received) == 1


def test_what_may_have_been_billed_is_told_of_the_step_as_it_is_charged(
    any_proxied: Desk, http_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_PRICES", "lyria=0.5")
    http_server.answers(
        reply(status=500, headers={"Retry-After": "0"}),
        speech(key=CANARY, headers={"x-litellm-response-cost": "0.0073750000000000005"}),
    )

    run = any_proxied.build(KEY)

    told = _music_step(any_proxied, run)["diagnostics"]["provider"]
    assert (told["requests"], told["calls"], told["cost_usd"]) == (2, 1, 0.507375)
    with closing(Ledger.open(any_proxied.place.ledger_url)) as ledger:
        assert ledger.tenant("demo").spent_usd(run["root_run_id"]) == 0.507375


def test_what_nobody_knows_the_price_of_is_not_told_as_free(proxied: Desk, http_server: LocalServer) -> None:
    http_server.answers(speech())

    run = proxied.build(KEY)
    shown = proxied.campaign("show", KEY)

    told = _music_step(proxied, run)["diagnostics"]["provider"]
    assert (told["requests"], told["calls"], told["cost_usd"]) == (1, 1, None)
    assert "cost unknown" in " ".join(shown.output.split())


def test_music_that_is_of_no_use_is_kept_and_the_error_says_how_to_get_other(
    proxied: Desk, http_server: LocalServer
) -> None:
    http_server.answers(reply(_silence(), media_type="audio/wav"), speech())

    failed = [proxied.campaign("build", KEY, "--set", "audio.bitrate_kbps=192") for _ in range(2)]

    assert [each.exit_code for each in failed] == [1, 1]
    step = _music_step(proxied, proxied.place.tables().run[-1])
    assert step["error"].startswith("GENERATION_FAILED: ")
    assert "cache: refresh:bgm, or with another audio.seed, to ask anew" in step["error"]
    assert len(http_server.received) == 1
    assert proxied.build(KEY, "--set", "audio.seed=2")["status"] == "completed"
    assert len(http_server.received) == 2


@pytest.mark.parametrize(("refreshed", "bought"), [("refresh:bgm", 2), ("refresh:game_config", 1)])
def test_a_refresh_of_one_step_asks_anew_for_that_one_alone(
    proxied: Desk, http_server: LocalServer, refreshed: str, bought: int
) -> None:
    proxied.build(KEY)

    proxied.build(KEY, "--cache", refreshed, "--set", "audio.bitrate_kbps=192")

    assert len(http_server.received) == bought


def test_a_page_instead_of_music_fails_the_step_and_is_asked_for_again(
    proxied: Desk, http_server: LocalServer
) -> None:
    http_server.answers(reply(b"<html><body>Welcome</body></html>", media_type="text/html"), speech())

    failed = proxied.campaign("build", KEY)

    assert failed.exit_code != 0
    step = _music_step(proxied, proxied.place.tables().run[-1])
    assert step["error"].startswith("PROVIDER_ERROR: litellm at 127.0.0.1:")
    assert "an HTML page of 33 bytes found" in step["error"]
    assert proxied.build(KEY)["status"] == "completed"
    assert len(http_server.received) == 2


def test_what_was_built_is_reused_without_a_proxy_and_without_its_libraries(
    workplace: Workplace, http_server: LocalServer
) -> None:
    http_server.answers(speech())
    workplace.write_brief(KEY, {"audio": MUSIC})
    chosen = _environment(http_server)
    assert workplace.command("campaign", "build", KEY, **chosen).returncode == 0
    heavy = {"httpx2", "anthropic", "numpy", "soundfile", "samplerate", "litellm", "openai"}
    script = (
        "import atexit, json, sys; from campaign_pipeline.cli import main\n"
        f"told = lambda: print(json.dumps(sorted({heavy} & set(sys.modules))), file=sys.stderr)\n"
        f"atexit.register(told); main(['build', '{KEY}'])"
    )
    unreachable = {name: value for name, value in chosen.items() if name.startswith("CAMPAIGN_AUDIO")}

    again = subprocess.run(
        [sys.executable, "-c", script],
        cwd=workplace.root,
        env={**bare_environment(), **unreachable},
        capture_output=True,
        text=True,
        check=True,
    )

    run = workplace.tables().run[-1]
    assert workplace.tables().statuses(run["id"]) == dict.fromkeys(STEPS, ("skipped", True))
    assert json.loads(again.stderr.strip().split("\n")[-1]) == []
    assert len(http_server.received) == 1


def test_a_model_is_missed_by_name_where_music_has_to_be_made(
    proxied: Desk, http_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAMPAIGN_AUDIO_MODEL")

    failed = proxied.campaign("build", KEY)

    assert failed.exit_code != 0
    assert "CAMPAIGN_AUDIO_MODEL" in _music_step(proxied, proxied.place.tables().run[-1])["error"]
    assert http_server.received == []


_SAID = {"error": {"message": f"Bad token 'Bearer {CANARY}'", "key": CANARY}}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (speech(key=CANARY, headers={"X-Key": CANARY}), "completed"),
        (reply_json(_SAID, status=401, headers={"X-Key": CANARY}), "failed"),
        (reply(f"<html>{CANARY}</html>".encode(), media_type=f"text/html; key={CANARY}"), "failed"),
    ],
    ids=["music", "refused key", "page"],
)
def test_the_key_is_in_no_log_no_row_no_event_and_no_error(
    any_proxied: Desk, http_server: LocalServer, caplog: pytest.LogCaptureFixture, answer: Answer, status: str
) -> None:
    http_server.answers(answer)

    with caplog.at_level(logging.INFO):
        result = any_proxied.campaign("build", KEY, "--json")
    shown = any_proxied.campaign("show", KEY)

    assert any_proxied.place.tables().run[-1]["status"] == status
    assert all(request.headers["authorization"] == f"Bearer {CANARY}" for request in http_server.received)
    assert CANARY not in result.output + shown.output
    assert CANARY not in caplog.text
    assert not list(files_with(CANARY, any_proxied.place.root))
    assert not list(rows_with(CANARY, any_proxied.place.ledger_url))
