"""A campaign built through a real LiteLLM proxy: its words from a mock model, its music from a server behind it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from campaign_pipeline_tests.litellm.proxy import running_proxy
from campaign_pipeline_tests.servers.http_server import LocalServer, reply_json, serving
from campaign_pipeline_tests.servers.speech_server import speech
from campaign_pipeline_tests.workplace import STEPS, Workplace

pytestmark = [pytest.mark.litellm, pytest.mark.timeout(900)]

KEY = "demo/small"
PROXY_KEY = "sk-canary-of-the-proxy"
SPEECH_KEY = "sk-canary-behind-it"


@pytest.fixture(scope="module")
def speech_server() -> Iterator[LocalServer]:
    with serving(speech(key=SPEECH_KEY)) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, speech_server: LocalServer) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("proxy")
    environ = {
        "LITELLM_API_KEY": PROXY_KEY,
        "SPEECH_BASE_URL": f"{speech_server.url}/v1",
        "SPEECH_API_KEY": SPEECH_KEY,
    }
    with running_proxy(folder, environ) as url:
        yield url


@pytest.fixture
def proxied(workplace: Workplace, proxy: str, speech_server: LocalServer) -> Workplace:
    speech_server.received.clear()
    speech_server.answers(speech(key=SPEECH_KEY))
    workplace.env.update(
        {
            "CAMPAIGN_AUDIO_PROVIDER": "litellm",
            "CAMPAIGN_AUDIO_MODEL": "music",
            "LITELLM_BASE_URL": proxy,
            "LITELLM_API_KEY": PROXY_KEY,
            "CAMPAIGN_TEXT_PROVIDER": "claude",
            "CAMPAIGN_TEXT_MODEL": "words",
            "ANTHROPIC_BASE_URL": proxy,
            "ANTHROPIC_API_KEY": PROXY_KEY,
        }
    )
    workplace.write_brief(KEY, {"audio": {"provider": None, "duration_sec": 10}})
    return workplace


def test_a_campaign_is_built_through_the_proxy(proxied: Workplace) -> None:
    done = proxied.command("campaign", "build", KEY)

    assert done.returncode == 0, done.stdout + done.stderr
    tables = proxied.tables()
    [run] = tables.run
    assert tables.statuses(run["id"]) == dict.fromkeys(STEPS, ("completed", False))
    asked = {
        step_id: step["diagnostics"].get("provider") for step_id, step in tables.steps_of(run["id"]).items()
    }
    assert (asked["bgm"]["providers"], asked["bgm"]["calls"]) == (["litellm"], 1)
    assert (asked["game_config"]["providers"], asked["game_config"]["calls"]) == (["claude"], 1)
    assert asked["game_config"]["tokens_out"] > 0
    # The proxy knows what the mock would have cost, and nothing of our music.
    assert asked["game_config"]["cost_usd"] > 0
    assert asked["game_bundle"] is None


def test_the_words_are_those_of_the_mock_and_the_odds_are_not(proxied: Workplace) -> None:
    assert proxied.command("campaign", "build", KEY).returncode == 0

    config = _json(proxied, "json/game-config")

    assert config["copy"]["title"] == "Neon Lucky Night"
    assert config["visuals"]["colors"]["accent"] == "#ff5fa2"
    assert [segment["label"] for segment in config["mechanics"]["segments"]][-1] == "Next round"
    assert config["settings"]["difficulty"]["win_probability"] == 0.6


def test_the_music_is_what_the_server_behind_the_proxy_plays(
    proxied: Workplace, speech_server: LocalServer
) -> None:
    assert proxied.command("campaign", "build", KEY).returncode == 0

    [request] = speech_server.received
    [music] = [row["metadata"] for row in proxied.tables().artifact if row["type"] == "audio/bgm"]
    assert request.headers["authorization"] == f"Bearer {SPEECH_KEY}"
    assert "beats per minute" in request.json()["input"]
    assert (music["metadata"]["providerId"], music["metadata"]["durationSec"]) == ("litellm", 10)


def _json(place: Workplace, artifact_type: str) -> Any:
    [found] = [row for row in place.tables().artifact if row["type"] == artifact_type]
    return json.loads(place.blob(found["content_hash"]).read_bytes())


def test_a_second_build_asks_nobody(proxied: Workplace, speech_server: LocalServer) -> None:
    assert proxied.command("campaign", "build", KEY).returncode == 0
    asked = len(speech_server.received)

    again = proxied.command("campaign", "build", KEY)

    assert again.returncode == 0, again.stdout + again.stderr
    run = proxied.tables().run[-1]
    assert proxied.tables().statuses(run["id"]) == dict.fromkeys(STEPS, ("skipped", True))
    assert len(speech_server.received) == asked


def test_a_model_that_the_proxy_does_not_serve_is_told(proxied: Workplace) -> None:
    failed = proxied.command("campaign", "build", KEY, CAMPAIGN_AUDIO_MODEL="nobody")

    assert failed.returncode != 0
    assert "PROVIDER_ERROR: litellm at 127.0.0.1:" in failed.stdout
    assert "nobody" in failed.stdout
    assert PROXY_KEY not in failed.stdout + failed.stderr


def test_a_vendor_that_fails_behind_the_proxy_is_told(proxied: Workplace, speech_server: LocalServer) -> None:
    speech_server.answers(reply_json({"error": {"message": "out of credit"}}, status=400))

    failed = proxied.command("campaign", "build", KEY)

    assert failed.returncode != 0
    assert "PROVIDER_ERROR: litellm at 127.0.0.1:" in failed.stdout
    assert SPEECH_KEY not in failed.stdout + failed.stderr
