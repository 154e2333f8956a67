"""A campaign built through a real LiteLLM proxy, whose music is passed through to a server of our own."""

from collections.abc import Iterator

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
        }
    )
    workplace.write_brief(KEY, {"audio": {"provider": None, "duration_sec": 10}})
    return workplace


def test_a_campaign_is_built_through_the_proxy(proxied: Workplace, speech_server: LocalServer) -> None:
    done = proxied.command("campaign", "build", KEY)

    assert done.returncode == 0, done.stdout + done.stderr
    tables = proxied.tables()
    [run] = tables.run
    assert tables.statuses(run["id"]) == dict.fromkeys(STEPS, ("completed", False))
    [request] = speech_server.received
    assert request.headers["authorization"] == f"Bearer {SPEECH_KEY}"
    assert "beats per minute" in request.json()["input"]
    music = next(row["metadata"] for row in tables.artifact if row["type"] == "audio/bgm")
    assert music["metadata"]["providerId"] == "litellm"
    assert music["metadata"]["durationSec"] == 10
    asked = tables.steps_of(run["id"])["bgm"]["diagnostics"]["provider"]
    assert (asked["providers"], asked["calls"]) == (["litellm"], 1)


def test_a_second_build_asks_nobody(proxied: Workplace, speech_server: LocalServer) -> None:
    assert proxied.command("campaign", "build", KEY).returncode == 0
    asked = len(speech_server.received)

    again = proxied.command("campaign", "build", KEY)

    assert again.returncode == 0, again.stdout + again.stderr
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
