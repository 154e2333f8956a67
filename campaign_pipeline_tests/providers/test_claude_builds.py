"""Campaigns whose words come from a server of our own, from the brief to the rows."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from campaign_pipeline_tests.leaks import files_with, rows_with
from campaign_pipeline_tests.providers.test_claude import WRONG
from campaign_pipeline_tests.servers.anthropic_server import WHEEL_ANSWER, fails, says
from campaign_pipeline_tests.servers.http_server import LocalServer
from campaign_pipeline_tests.workplace import STEPS, Desk, Row, Workplace, bare_environment

KEY = "demo/small"
CANARY = "sk-ant-canary-5e0d7b31c9"
GERMAN = {"locale": "de-DE", "theme": "summer_beach"}


@pytest.fixture
def helped(desk: Desk, http_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose words are written by the server."""
    return _helped(desk, http_server, monkeypatch)


@pytest.fixture
def any_helped(any_desk: Desk, http_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The same on either database."""
    return _helped(any_desk, http_server, monkeypatch)


def _helped(desk: Desk, server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Desk:
    server.answers(says(WHEEL_ANSWER, key=CANARY))
    for name, value in _environment(server).items():
        monkeypatch.setenv(name, value)
    desk.place.write_brief(KEY, GERMAN)
    return desk


def _environment(server: LocalServer) -> dict[str, str]:
    return {
        "CAMPAIGN_TEXT_PROVIDER": "claude",
        "CAMPAIGN_PRICES": "claude-sonnet-5-5=3/15",
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": CANARY,
        "CAMPAIGN_PROVIDER_TIMEOUT": "20s",
    }


def _step(desk: Desk) -> Row:
    tables = desk.place.tables()
    return tables.steps_of(tables.run[-1]["id"])["game_config"]


def _artifact(desk: Desk) -> Row:
    return [row for row in desk.place.tables().artifact if row["type"] == "json/game-config"][-1]


def _config(desk: Desk) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(desk.place.blob(_artifact(desk)["content_hash"]).read_bytes())
    return config


def test_a_campaign_is_built_with_words_from_claude(any_helped: Desk, http_server: LocalServer) -> None:
    run = any_helped.build(KEY)

    assert any_helped.place.tables().statuses(run["id"]) == dict.fromkeys(STEPS, ("completed", False))
    config = _config(any_helped)
    assert config["copy"] == WHEEL_ANSWER["copy"]
    assert config["visuals"]["colors"] == WHEEL_ANSWER["colors"]
    assert [segment["label"] for segment in config["mechanics"]["segments"]] == WHEEL_ANSWER["prizes"]
    told = _step(any_helped)["diagnostics"]["provider"]
    assert (told["providers"], told["calls"], told["models"]) == (["claude"], 1, ["claude-sonnet-5-5"])
    assert (told["tokens_in"], told["tokens_out"], told["cost_usd"]) == (1000, 400, 0.009)
    assert set(_artifact(any_helped)["metadata"]["checks"]["properties"]) == {"valid", "contrast"}
    assert len(http_server.received) == 1


def test_another_name_is_other_words_and_a_clip_is_none(helped: Desk, http_server: LocalServer) -> None:
    helped.build(KEY)

    helped.build(KEY, "--set", "audio.bpm=90")
    helped.build(KEY, "--set", "campaign_name=Herbst")

    assert len(http_server.received) == 2


def test_an_answer_is_read_again_where_the_configuration_is_made_anew(
    helped: Desk, http_server: LocalServer
) -> None:
    helped.build(KEY)

    helped.build(KEY, "--set", "duration_sec=12")

    assert len(http_server.received) == 1
    assert _config(helped)["settings"]["duration_sec"] == 12
    told = _step(helped)["diagnostics"]["provider"]
    assert (told["calls"], told["answers_reused"], told["cost_usd"]) == (0, 1, 0.0)


def test_a_corrected_answer_is_told_with_what_was_wrong(helped: Desk, http_server: LocalServer) -> None:
    wrong, named = WRONG["script"]
    http_server.answers(wrong, says(WHEEL_ANSWER))

    helped.build(KEY)

    told = _step(helped)["diagnostics"]["provider"]
    assert told["calls"] == 2
    [attempt] = told["attempts"]
    assert named in attempt["errors"][0]
    assert "</script>" in attempt["answer"]


def test_answers_that_stay_wrong_are_not_paid_for_again_until_asked_anew(
    any_helped: Desk, http_server: LocalServer
) -> None:
    http_server.answers(WRONG["not JSON"][0])

    first, second = (any_helped.campaign("build", KEY) for _ in range(2))

    assert first.exit_code != 0
    assert second.exit_code != 0
    assert len(http_server.received) == 2
    step = _step(any_helped)
    assert step["error"].startswith("GENERATION_FAILED: claude at 127.0.0.1:")
    assert "build again with cache: refresh:game_config to ask anew" in step["error"]
    assert len(step["diagnostics"]["provider"]["attempts"]) == 2
    http_server.answers(says(WHEEL_ANSWER))
    assert any_helped.build(KEY, "--cache", "refresh:game_config")["status"] == "completed"


def test_the_template_stands_in_where_claude_fails(
    helped: Desk, http_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_TEXT_FALLBACK", "template")
    http_server.answers(fails(400, "invalid_request_error", "No such thing"))

    helped.build(KEY)

    assert _config(helped)["copy"]["title"] == "Drehen & gewinnen"
    assert _step(helped)["diagnostics"]["fallback"]["provider"] == "template"


def test_a_missing_key_fails_the_step_by_name(
    helped: Desk, http_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")

    failed = helped.campaign("build", KEY)

    assert failed.exit_code != 0
    assert _step(helped)["error"].startswith("VALIDATION_ERROR: ANTHROPIC_API_KEY: nothing found")
    assert http_server.received == []


def test_what_was_built_is_reused_without_a_server_a_key_and_the_sdk(
    workplace: Workplace, http_server: LocalServer
) -> None:
    http_server.answers(says(WHEEL_ANSWER))
    workplace.write_brief(KEY, GERMAN)
    built = workplace.command("campaign", "build", KEY, **_environment(http_server))
    assert built.returncode == 0, built.stderr
    heavy = {"httpx2", "anthropic", "numpy", "soundfile", "samplerate", "litellm", "openai", "jsonschema"}
    script = (
        "import atexit, json, sys; from campaign_pipeline.cli import main\n"
        f"told = lambda: print(json.dumps(sorted({heavy} & set(sys.modules))), file=sys.stderr)\n"
        f"atexit.register(told); main(['build', '{KEY}'])"
    )

    again = subprocess.run(
        [sys.executable, "-c", script],
        cwd=workplace.root,
        env={**bare_environment(), "CAMPAIGN_TEXT_PROVIDER": "claude"},
        capture_output=True,
        text=True,
        check=True,
    )

    run = workplace.tables().run[-1]
    assert workplace.tables().statuses(run["id"]) == dict.fromkeys(STEPS, ("skipped", True))
    assert json.loads(again.stderr.strip().split("\n")[-1]) == []
    assert len(http_server.received) == 1


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (says(WHEEL_ANSWER, key=CANARY, headers={"X-Key": CANARY}), "completed"),
        (says(f"Your key is {CANARY}"), "failed"),
        (fails(401, "authentication_error", f"Bad key {CANARY}"), "failed"),
        (fails(429, "rate_limit_error", f"Bearer {CANARY}", headers={"Retry-After": "60"}), "failed"),
    ],
    ids=["well", "told back", "refused key", "busy"],
)
def test_the_key_is_in_no_log_no_row_no_event_and_no_error(
    any_helped: Desk, http_server: LocalServer, caplog: pytest.LogCaptureFixture, answer: Any, status: str
) -> None:
    http_server.answers(answer)

    with caplog.at_level(logging.INFO):
        result = any_helped.campaign("build", KEY, "--json")
    shown = any_helped.campaign("show", KEY)

    assert any_helped.place.tables().run[-1]["status"] == status
    assert CANARY not in result.output + shown.output + caplog.text
    assert not list(files_with(CANARY, any_helped.place.root))
    assert not list(rows_with(CANARY, any_helped.place.ledger_url))


def test_a_plan_says_that_there_is_no_key_where_one_is_needed(
    helped: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    helped.build(KEY)
    monkeypatch.delenv("ANTHROPIC_API_KEY")

    same = helped.campaign("plan", KEY)
    other = helped.campaign("plan", KEY, "--set", "locale=fr-FR")
    [plan] = json.loads(helped.campaign("plan", KEY, "--set", "locale=fr-FR", "--json").stdout)["campaigns"]

    assert (same.exit_code, other.exit_code) == (0, 1)
    assert "ANTHROPIC_API_KEY" not in same.output
    assert "locale changed; but ANTHROPIC_API_KEY is not set" in " ".join(other.output.split())
    told = {step["step_id"]: step.get("missing") for step in plan["steps"]}
    assert {step_id: missing for step_id, missing in told.items() if missing} == {
        "game_config": "ANTHROPIC_API_KEY is not set"
    }
