"""The exit codes that docs/operations.md promises."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from campaign_pipeline.cli import main as campaign_command
from campaign_pipeline.settings import Settings
from campaign_pipeline_tests.workplace import REPOSITORY, Desk

KEY = "demo/small"
COMMANDS = ("build", "plan", "show", "preview", "verify", "gc", "migrate")


def built(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)


def refused(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.campaign("build", KEY)


def damaged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    built(desk, monkeypatch)
    for row in desk.place.tables().artifact:
        desk.place.blob(row["content_hash"]).unlink()


def watched(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    built(desk, monkeypatch)
    monkeypatch.setattr("campaign_pipeline.commands.preview.time.sleep", _interrupted)


def briefed(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.place.write_brief(KEY)


def without_a_proxy(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.place.write_brief(KEY, {"audio": {"provider": "litellm", "model": "lyria"}})


def ignored(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.place.write_brief(KEY).with_name("Bad_Name.yml").touch()


def out_of_reach(_: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_DATABASE_URL", "postgresql://someone@127.0.0.1:9/nothing")


def nothing(_: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the folder as it is laid out."""


Before = Callable[[Desk, pytest.MonkeyPatch], None]

CASES: tuple[tuple[Before, str, int], ...] = (
    (briefed, f"build {KEY}", 0),
    (nothing, f"build {KEY}", 1),
    (briefed, f"build {KEY} --set audio.bpm", 1),
    (briefed, f"build {KEY} --cache refresh:music", 1),
    (out_of_reach, f"build {KEY}", 1),
    (briefed, f"plan {KEY}", 0),
    (ignored, "plan", 0),
    (briefed, f"plan {KEY} demo/nothing", 1),
    (without_a_proxy, f"plan {KEY}", 1),
    (nothing, "plan KEY", 1),
    (out_of_reach, "plan", 1),
    (built, f"show {KEY}", 0),
    (refused, f"show {KEY}", 0),
    (built, "show deadbeef", 1),
    (nothing, f"show {KEY}", 1),
    (watched, f"preview {KEY}", 0),
    (refused, f"preview {KEY}", 1),
    (damaged, f"preview {KEY}", 1),
    (built, "verify", 0),
    (damaged, "verify", 1),
    (built, "verify deadbeef", 2),
    (out_of_reach, "verify", 2),
    (built, "gc", 0),
    (built, "gc --dry-run", 0),
    (built, "gc --grace soon", 1),
    (out_of_reach, "gc", 1),
    (nothing, "migrate", 0),
    (nothing, "migrate --grant somebody", 1),
    (out_of_reach, "migrate", 1),
)


@pytest.mark.parametrize(
    ("before", "words", "exit_code"),
    CASES,
    ids=[f"{words}, {before.__name__}: {code}" for before, words, code in CASES],
)
def test_a_command_ends_with_the_code_that_is_documented(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, before: Before, words: str, exit_code: int
) -> None:
    before(desk, monkeypatch)

    result = desk.campaign(*words.split())

    assert result.exit_code == exit_code, result.output


def test_each_code_in_the_table_is_met_by_a_case_and_no_other() -> None:
    text = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `campaign (\w+)` \| (.+) \| (.+) \| (.+) \|$", text, flags=re.MULTILINE)

    documented = {
        (command, code) for command, *said in rows for code, what in enumerate(said) if what.strip() != "–"
    }

    assert {(words.split()[0], code) for _, words, code in CASES} == documented
    assert {command for command, _ in documented} == set(COMMANDS) == set(campaign_command.commands)


@pytest.mark.parametrize(
    "words",
    ["", "nothing", "build", "show", "preview", *(f"{command} --no-such-option" for command in COMMANDS)],
)
def test_a_command_line_that_cannot_be_read_ends_with_2_and_the_usage(desk: Desk, words: str) -> None:
    result = desk.campaign(*words.split())

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: " in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_an_interrupt_is_what_could_not_be_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(Settings, "from_environment", _interrupted)

    result = desk.campaign(command, *([KEY] if command in {"build", "show", "preview"} else []))

    assert (result.exit_code, result.stdout) == (2 if command == "verify" else 1, "")
    assert result.stderr == "interrupted\n"


def _interrupted(*_: Any) -> Any:
    raise KeyboardInterrupt
