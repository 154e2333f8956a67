"""`campaign plan`, as users and scripts call it."""

import json
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect

from campaign_pipeline_tests.workplace import STEPS, Desk

KEY = "demo/small"
OTHERS = ("acme/winter-wheel", "demo/summer-spin")


def planned(desk: Desk, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(desk.campaign("plan", *words, "--json").stdout)
    return told


def test_one_campaign_is_planned_step_by_step(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    first = desk.build(KEY)

    result = desk.campaign("plan", KEY, "--set", "audio.bpm=124")

    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    saved = _seconds(desk.place.tables().steps_of(first["id"])["game_config"]["duration_ms"])
    assert lines == [
        KEY,
        "step saves what is expected",
        f"↺ game_config {saved} reuse: same inputs as in run {first['id'][:8]}",
        "▸ bgm run: audio.bpm changed",
        "▸ game_bundle run: waits for bgm",
        "▸ campaign_manifest run: waits for bgm and game_bundle",
        f"1 campaign, 3 of 4 steps to run, {saved} saved by reuse",
    ]


def test_without_a_key_every_campaign_that_has_a_brief_is_planned_in_a_line(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)

    result = desk.campaign("plan")

    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert lines[1:4] == [
        *(
            f"▸ {key} 4 of 4 run: game_config (first build); bgm (first build), and 2 behind"
            for key in OTHERS[:1]
        ),
        f"↺ {KEY} 0 of 4 reuse: all of it",
        *(
            f"▸ {key} 4 of 4 run: game_config (first build); bgm (first build), and 2 behind"
            for key in OTHERS[1:]
        ),
    ]
    assert lines[4].startswith("3 campaigns, 8 of 12 steps to run, ")


def test_a_campaign_that_cannot_be_built_has_a_line_and_the_others_are_planned(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY, {"theme": "no_such_theme"})

    people = any_desk.campaign("plan")
    scripts = planned(any_desk)

    assert people.exit_code == 1
    assert f"✘ {KEY}" in people.stdout
    assert people.stdout.rstrip().endswith("3 campaigns, 8 of 8 steps to run, 1 cannot be built")
    by_key = {told["campaign"]: told for told in scripts["campaigns"]}
    assert by_key[KEY]["error"].startswith("VALIDATION_ERROR: theme: 'no_such_theme' is not a theme of ")
    assert by_key[KEY]["steps"] == []
    assert [step["step_id"] for step in by_key["demo/summer-spin"]["steps"]] == list(STEPS)
    assert scripts["summary"] == {
        "campaigns": 3,
        "refused": 1,
        "steps": 8,
        "steps_to_run": 8,
        "saved_ms": 0,
    }


def test_a_plan_makes_neither_a_ledger_nor_a_store(any_desk: Desk) -> None:
    result = any_desk.campaign("plan")

    assert result.exit_code == 0
    assert not (any_desk.place.root / ".campaign").exists()
    if any_desk.place.ledger_url.startswith("postgres"):
        engine = create_engine(any_desk.place.ledger_url.replace("postgresql://", "postgresql+psycopg://"))
        assert inspect(engine).get_table_names() == []
        engine.dispose()


def test_a_folder_without_briefs_and_an_unknown_campaign_are_told_so(desk: Desk) -> None:
    unknown = desk.campaign("plan", "demo/nothing")
    for path in (desk.place.root / "briefs").glob("*/*.yaml"):
        path.unlink()

    nothing = desk.campaign("plan")

    assert (unknown.exit_code, nothing.exit_code) == (1, 1)
    assert "UNKNOWN_CAMPAIGN: demo/nothing: no brief at" in " ".join(unknown.stdout.split())
    assert nothing.stderr.startswith("UNKNOWN_CAMPAIGN: no brief lies under briefs; write one at briefs/")


def test_a_ledger_that_cannot_be_reached_is_no_ledger_that_is_not_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_DATABASE_URL", "postgresql://u:secret@127.0.0.1:9/nothing")

    result = desk.campaign("plan")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("LEDGER_UNAVAILABLE: the ledger ")
    assert "secret" not in result.stderr


def test_what_cannot_be_read_is_refused_before_anything_is_planned(desk: Desk) -> None:
    several = desk.campaign("plan", "--base-run", "00000000-0000-0000-0000-000000000000")
    assignment = desk.campaign("plan", KEY, "--set", "audio.bpm")
    key = desk.campaign("plan", "nonsense")

    assert (several.exit_code, assignment.exit_code, key.exit_code) == (1, 1, 1)
    assert several.stderr.startswith("VALIDATION_ERROR: --base-run: 2 campaigns found; the one KEY")
    assert assignment.stderr.startswith("VALIDATION_ERROR: --set: 'audio.bpm' found; ")
    assert key.stderr.startswith("VALIDATION_ERROR: KEY: 'nonsense' found; ")


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.2f} s"
