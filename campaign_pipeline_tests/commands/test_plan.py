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
    assert by_key[KEY]["error"].startswith(
        f"VALIDATION_ERROR: briefs/{KEY}.yaml: theme: 'no_such_theme' is not a theme of "
    )
    assert by_key[KEY]["steps"] == []
    assert [step["step_id"] for step in by_key["demo/summer-spin"]["steps"]] == list(STEPS)
    assert scripts["summary"] == {
        "campaigns": 3,
        "refused": 1,
        "lacking_a_setting": 0,
        "steps": 8,
        "steps_to_run": 8,
        "saved_ms": 0,
    }


def test_a_setting_that_a_provider_lacks_is_told_of_each_campaign_and_counts(desk: Desk) -> None:
    desk.place.write_brief(KEY, {"audio": {"provider": "litellm", "model": "lyria"}})

    people = desk.campaign("plan")
    told = planned(desk)

    assert people.exit_code == 1
    assert "bgm (first build; but LITELLM_BASE_URL is not set)" in " ".join(people.stdout.split())
    assert people.stdout.rstrip().endswith("3 campaigns, 12 of 12 steps to run, 1 for want of a setting")
    assert told["summary"]["lacking_a_setting"] == 1
    [music] = [
        step
        for campaign in told["campaigns"]
        for step in campaign["steps"]
        if campaign["campaign"] == KEY and step["step_id"] == "bgm"
    ]
    assert (music["reuse"], music["missing"]) == (False, "LITELLM_BASE_URL is not set")


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


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("audio.bpm=999", "--set audio.bpm=999: 999 found; a number of at most 200 is expected"),
        ("bpm=120", "--set bpm=120: unknown key; did you mean audio.bpm?"),
        ("audio.bpn=120", "--set audio.bpn=120: unknown key; did you mean bpm?"),
        ("audio={bpm: 999}", "--set audio.bpm=999: 999 found; a number of at most 200 is expected"),
        ("videos=null", "--set videos=null: nothing found; a value is required"),
        ("theme=nope", "--set theme='nope': 'nope' is not a theme of spin_wheel_v1; "),
        ("assets.bg=clips/win.mp4", "--set assets.bg='clips/win.mp4': assets: 'bg' is not an asset slot of "),
        ("difficulty.parameters.x=3", "--set difficulty.parameters.x=3: difficulty.level: nothing found; "),
        ("button.mask_polygon=[[2, 0]]", "--set button.mask_polygon=…: button.mask_polygon"),
        ("audio.model=big", "--set audio.model='big': 'big' was asked, but provider 'stub' has no models"),
        ("template_id=spin_weel_v1", "--set template_id='spin_weel_v1': 'spin_weel_v1' found; did you mean"),
        (
            "videos.win=clips/wim.mp4",
            "--set videos.win='clips/wim.mp4': clips/wim.mp4 found, but there is no",
        ),
    ],
)
def test_what_an_override_made_wrong_is_blamed_on_the_override(
    desk: Desk, assignment: str, told: str
) -> None:
    path = desk.place.write_brief(KEY)
    path.write_text(path.read_text().replace("difficulty: easy", "difficulty: hard"))

    [plan] = planned(desk, KEY, "--set", assignment)["campaigns"]

    assert plan["error"].partition(": ")[2].startswith(told)
    assert "briefs/" not in plan["error"]


def test_what_brief_and_override_made_wrong_is_told_of_each(desk: Desk) -> None:
    desk.place.write_brief(KEY, {"campaign_name": 7, "locale": "!"})

    [plan] = planned(desk, KEY, "--set", "audio.bpm=999", "--set", "version=new")["campaigns"]

    first, second, *rest = (part for part in plan["error"].split("; ") if " found" in part)
    assert first == f"VALIDATION_ERROR: briefs/{KEY}.yaml: campaign_name: 7 found"
    assert second == "--set version='new': 'new' found"
    assert rest == [f"briefs/{KEY}.yaml: locale: '!' found", "--set audio.bpm=999: 999 found"]


def test_a_base_runs_brief_is_named_as_such(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    base = desk.build(KEY)
    path = desk.place.root / "briefs" / "demo" / "clips" / "win.mp4"
    desk.place.blob(base["trigger"]["files"]["videos.win"]["content_hash"]).unlink()
    path.unlink()

    [plan] = planned(desk, KEY, "--base-run", base["id"])["campaigns"]

    assert plan["error"].startswith(
        f"MISSING_ASSET: the brief of run {base['id']}: videos.win: clips/win.mp4 found"
    )


def test_files_that_are_no_briefs_for_their_name_alone_are_told_with_a_better_one(desk: Desk) -> None:
    brief = desk.place.write_brief(KEY)
    (brief.parent / "Bad_Name.yaml").write_text(brief.read_text())
    (brief.parent / "x.yml").write_text(brief.read_text())

    people, scripts = desk.campaign("plan"), planned(desk)
    one = desk.campaign("plan", KEY)

    assert people.exit_code == 0
    first, second = people.stdout.splitlines()[-2:]
    assert first.startswith("ignored: briefs/demo/Bad_Name.yaml: Bad_Name is no campaign's name (lower-case ")
    assert first.endswith("; rename it to briefs/demo/bad-name.yaml")
    assert second == "ignored: briefs/demo/x.yml: it ends in .yml; rename it to briefs/demo/x.yaml"
    assert scripts["ignored"][1] == {
        "path": "briefs/demo/x.yml",
        "reason": "it ends in .yml",
        "rename_to": "briefs/demo/x.yaml",
    }
    assert "ignored" not in one.stdout


def test_where_all_briefs_are_misnamed_it_is_told_too(desk: Desk) -> None:
    for path in (desk.place.root / "briefs").glob("*/*.yaml"):
        path.rename(path.with_suffix(".yml"))

    result = desk.campaign("plan")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("UNKNOWN_CAMPAIGN: no brief lies under briefs; ")
    assert "\nignored: briefs/demo/summer-spin.yml: it ends in .yml; rename it to " in result.stderr


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.2f} s"
