"""The `campaign` command, as users and scripts call it."""

import json
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text

from campaign_pipeline.storage import Ledger
from campaign_pipeline_tests.storage.building import open_run
from campaign_pipeline_tests.workplace import STEPS, Desk, Workplace

KEY = "demo/small"


def test_build_reports_a_run_as_json_and_nothing_else_on_standard_output(workplace: Workplace) -> None:
    workplace.write_brief(KEY)

    done = workplace.command("campaign", "build", KEY, "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["run"]["status"] == "completed"
    assert [step["step_id"] for step in told["steps"]] == list(STEPS)
    assert {step["status"] for step in told["steps"]} == {"completed"}
    assert all(step["artifact"]["content_hash"].startswith("sha256:") for step in told["steps"])
    assert "✔ bgm: made: first build" in done.stderr


def test_show_tells_a_run_by_its_id_or_the_newest_of_a_campaign(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    first = desk.build(KEY)
    second = desk.build(KEY)

    by_key = json.loads(desk.campaign("show", KEY, "--json").output)
    by_id = json.loads(desk.campaign("show", first["id"], "--json").output)
    table = desk.campaign("show", KEY).output

    assert by_key["run"]["id"] == second["id"]
    assert {step["cache_hit"] for step in by_key["steps"]} == {True}
    assert by_id["run"]["id"] == first["id"]
    assert f"reused: same inputs as in run {first['id'][:8]}" in table
    assert "preview demo/small" in table


def test_show_says_what_to_do_where_there_is_no_run(desk: Desk) -> None:
    Ledger.open(desk.place.ledger_url).close()

    by_key = desk.campaign("show", "demo/summer-spin")
    by_id = desk.campaign("show", "00000000-0000-0000-0000-000000000000")

    assert (by_key.exit_code, by_id.exit_code) == (1, 1)
    assert "demo/summer-spin has no run yet; build it: campaign build demo/summer-spin" in by_key.output
    assert "VALIDATION_ERROR: RUN: '00000000-" in by_id.output


def test_a_step_that_never_began_has_no_reason(desk: Desk) -> None:
    desk.campaign("build", "demo/nothing")

    told = json.loads(desk.campaign("show", "demo/nothing", "--json").stdout)

    assert {step["why"] for step in told["steps"]} == {None}


def test_overrides_change_the_brief_for_one_run(desk: Desk) -> None:
    desk.place.write_brief(KEY)

    run = desk.build(KEY, "--set", "copy.title=Only today", "--set", "audio.bpm=124")

    assert run["trigger"]["overrides"] == {"copy": {"title": "Only today"}, "audio": {"bpm": 124}}
    assert run["trigger"]["brief"]["copy"]["title"] == "Only today"
    assert run["trigger"]["brief"]["audio"]["bpm"] == 124


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["audio.bpm"], "--set: 'audio.bpm' found; FIELD=VALUE is expected"),
        (["audio.bpm="], "--set: 'audio.bpm=' found; a value is expected; null takes the field out"),
        (["copy.title=[a"], "--set: 'copy.title=[a' found; line"),
        (["difficulty=easy", "difficulty.level=hard"], "difficulty is set as a whole too"),
        (["audio.bpm=100", "audio.bpm=120"], "audio.bpm is set twice"),
        (["audio.bpm=.nan"], "--set: 'audio.bpm=.nan' found; line"),
    ],
)
def test_an_override_that_cannot_be_read_is_refused_before_anything_starts(
    desk: Desk, assignments: list[str], message: str
) -> None:
    words = [word for assignment in assignments for word in ("--set", assignment)]

    result = desk.campaign("build", KEY, *words)

    assert result.exit_code == 1
    assert result.output.startswith("VALIDATION_ERROR: --set: ")
    assert message in result.output
    assert desk.place.tables().run == []


def test_an_override_is_read_as_a_brief_is(desk: Desk) -> None:
    desk.place.write_brief(KEY)

    run = desk.build(KEY, "--set", "rules.start_date=2026-06-01", "--set", "copy.win_message=no")

    assert run["trigger"]["overrides"] == {
        "rules": {"start_date": "2026-06-01"},
        "copy": {"win_message": "no"},
    }


def test_brackets_in_an_error_are_shown_as_they_are(desk: Desk) -> None:
    desk.place.write_brief(KEY)

    result = desk.campaign("build", KEY, "--set", 'theme="[/x]"')

    assert result.exit_code == 1
    assert "--set theme='[/x]': '[/x]' found; " in result.output.replace("\n", "")


def test_the_command_reads_the_same_env_file_as_dagster(workplace: Workplace) -> None:
    workplace.write_brief(KEY)
    (workplace.root / ".env").write_text("CAMPAIGN_DATABASE_URL=sqlite:///elsewhere.db\n")

    built = workplace.job_execute(KEY)
    shown = workplace.command("campaign", "show", KEY)

    assert (built.returncode, shown.returncode) == (0, 0), built.stderr + shown.stderr
    assert (workplace.root / "elsewhere.db").exists()
    assert not (workplace.root / ".campaign" / "ledger.db").exists()


def test_a_base_run_gives_its_brief_whatever_the_file_says_by_now(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    base = desk.build(KEY)
    desk.place.write_brief(KEY, {"campaign_name": "Edited", "copy": {"title": "Edited"}})

    run = desk.build(KEY, "--base-run", base["id"], "--set", "audio.prompt=another")

    assert run["base_run_id"] == base["id"]
    assert run["trigger"]["brief"]["campaign_name"] == base["trigger"]["brief"]["campaign_name"]
    assert desk.place.tables().statuses(run["id"])["game_config"] == ("skipped", True)


def test_a_base_run_may_be_named_as_show_names_it(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    base = any_desk.build(KEY)
    digits = base["id"][:8]

    planned = any_desk.campaign("plan", KEY, "--base-run", digits, "--json")
    run = any_desk.build(KEY, "--base-run", digits)

    assert json.loads(planned.stdout)["campaigns"][0]["error"] is None
    assert run["base_run_id"] == run["trigger"]["base_run_id"] == base["id"]


def test_the_first_digits_of_a_base_run_are_looked_up_among_the_tenants_own(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.place.write_brief("acme/small")
    other = desk.build("acme/small")
    with closing(Ledger.open(desk.place.ledger_url)) as ledger:
        for end in (1, 2):
            open_run(ledger.tenant("demo"), run_id=f"1a2b3c4d-0000-4000-8000-00000000000{end}")

    of_another = desk.campaign("build", KEY, "--base-run", other["id"][:8])
    of_several = desk.campaign("build", KEY, "--base-run", "1a2b3c4d")
    planned = desk.campaign("plan", KEY, "--base-run", "1a2b3c4d")

    assert {of_another.exit_code, of_several.exit_code, planned.exit_code} == {1}
    assert "BASE_RUN_NOT_FOUND: base_run_id: " in of_another.output
    assert "VALIDATION_ERROR: --base-run: 1a2b3c4d begins several runs: " in of_several.stderr
    assert of_several.stderr == planned.stderr


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (("show", KEY), 1),
        (("verify",), 2),
        (("verify", KEY), 2),
        (("gc",), 1),
        (("gc", "--dry-run"), 1),
        (("preview", KEY), 1),
    ],
    ids=["show", "verify", "verify a campaign", "gc", "gc --dry-run", "preview"],
)
def test_whoever_looks_where_nothing_was_built_is_told_so_and_makes_no_ledger(
    desk: Desk, words: tuple[str, ...], exit_code: int
) -> None:
    result = desk.campaign(*words)

    place = desk.place.root / ".campaign" / "ledger.db"
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert result.stderr.startswith(f"LEDGER_UNAVAILABLE: there is no ledger at {place}; ")
    assert not place.parent.exists()


def test_a_base_run_must_be_a_completed_one_of_this_campaign(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.place.write_brief("acme/small")
    other = desk.build("acme/small")
    desk.campaign("build", "demo/nothing")
    failed = desk.place.tables().run[-1]

    of_another = desk.campaign("build", KEY, "--base-run", other["id"])
    of_a_failed = desk.campaign("build", "demo/nothing", "--base-run", failed["id"])

    assert (of_another.exit_code, of_a_failed.exit_code) == (1, 1)
    assert "BASE_RUN_NOT_FOUND: base_run_id: " in of_another.output
    assert "INCOMPLETE_BASE_RUN: base_run_id: " in of_a_failed.output


def test_the_cache_can_be_refreshed_or_left_alone_for_one_run(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)

    refreshed = desk.build(KEY, "--cache", "refresh")
    entries = desk.place.tables().step_cache
    without = desk.build(KEY, "--cache", "off")
    after = desk.build(KEY)

    tables = desk.place.tables()
    made = dict.fromkeys(STEPS, ("completed", False))
    assert tables.statuses(refreshed["id"]) == tables.statuses(without["id"]) == made
    assert tables.step_cache == entries
    assert tables.statuses(after["id"]) == dict.fromkeys(STEPS, ("skipped", True))
    reused = {
        artifact for step in tables.steps_of(after["id"]).values() for artifact in step["output_artifact_ids"]
    }
    assert {row["run_id"] for row in tables.artifact if row["id"] in reused} == {refreshed["id"]}


def test_one_step_can_be_refreshed_alone(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)

    run = desk.build(KEY, "--cache", "refresh:bgm")
    again = desk.build(KEY)

    tables = desk.place.tables()
    # The stand-in for music plays the same each time: what holds it finds nothing new.
    reused = dict.fromkeys(STEPS, ("skipped", True))
    assert tables.statuses(run["id"]) == {**reused, "bgm": ("completed", False)}
    assert run["trigger"]["cache"] == "refresh:bgm"
    [taken] = tables.steps_of(again["id"])["bgm"]["output_artifact_ids"]
    assert [row["run_id"] for row in tables.artifact if row["id"] == taken] == [run["id"]]


def test_a_cache_mode_that_is_none_is_refused_before_anything_runs(desk: Desk) -> None:
    desk.place.write_brief(KEY)

    refused = desk.campaign("build", KEY, "--cache", "refresh:musik")

    assert refused.exit_code == 1
    assert (
        "--cache: 'refresh:musik' found; 'use', 'refresh', 'off', or 'refresh:' and steps" in refused.output
    )


def test_a_damaged_artifact_is_made_again_and_never_served(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)
    before = {row["skill_id"]: row for row in desk.place.tables().artifact}
    damaged = desk.place.blob(before["generate_bgm_track"]["content_hash"])
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\0")

    run = desk.build(KEY)

    tables = desk.place.tables()
    step = tables.steps_of(run["id"])["bgm"]
    assert (step["status"], step["diagnostics"]["cache"]["reason"]) == (
        "completed",
        "the earlier result's bytes are altered",
    )
    made = next(row for row in tables.artifact if row["id"] == step["output_artifact_ids"][0])
    assert made["content_hash"] == before["generate_bgm_track"]["content_hash"]
    again = desk.build(KEY)
    assert desk.place.tables().statuses(again["id"])["bgm"] == ("skipped", True)


def test_a_bundle_that_is_too_large_is_a_failed_step_and_what_waits_for_it_is_skipped(desk: Desk) -> None:
    desk.place.write_brief(KEY, {"audio": {"format": "wav", "duration_sec": 30}})

    result = desk.campaign("build", KEY)

    assert result.exit_code == 1
    tables = desk.place.tables()
    run = tables.run[-1]
    assert run["status"] == "failed"
    assert run["error"].startswith("BUNDLE_TOO_LARGE: ")
    assert tables.statuses(run["id"]) == {
        "game_config": ("completed", False),
        "bgm": ("completed", False),
        "game_bundle": ("failed", False),
        "campaign_manifest": ("skipped", False),
    }
    steps = tables.steps_of(run["id"])
    assert steps["game_bundle"]["error"] == run["error"]
    assert "game_bundle" in steps["campaign_manifest"]["error"]
    assert "generate_bgm_track" in {row["skill_id"] for row in tables.artifact}


def test_a_damaged_waveform_is_drawn_again_and_the_build_goes_on(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)
    [music] = [row for row in desk.place.tables().artifact if row["type"] == "audio/bgm"]
    picture = desk.place.blob(music["metadata"]["attachments"]["waveform"])
    picture.chmod(0o644)
    picture.write_bytes(b"\0" + picture.read_bytes()[1:])

    run = desk.build(KEY)
    again = desk.build(KEY)

    tables = desk.place.tables()
    reason = tables.steps_of(run["id"])["bgm"]["diagnostics"]["cache"]["reason"]
    assert reason == "the earlier result's waveform is altered"
    assert tables.statuses(again["id"]) == dict.fromkeys(STEPS, ("skipped", True))


def test_a_base_runs_file_that_was_lost_is_taken_in_again_where_it_is_still_the_same(desk: Desk) -> None:
    path = desk.place.write_brief(KEY)
    base = desk.build(KEY)
    lost = base["trigger"]["files"]["videos.win"]["content_hash"]
    desk.place.blob(lost).unlink()

    desk.build(KEY, "--base-run", base["id"])

    assert desk.place.blob(lost).is_file()
    desk.place.blob(lost).unlink()
    (path.parent / "clips" / "win.mp4").write_bytes(b"another film")
    result = desk.campaign("build", KEY, "--base-run", base["id"])
    tables = desk.place.tables()
    assert result.exit_code == 1
    assert tables.run[-1]["error"].startswith(
        f"MISSING_ASSET: the brief of run {base['id']}: videos.win: {lost}"
    )
    assert tables.statuses(tables.run[-1]["id"]) == dict.fromkeys(STEPS, ("skipped", False))


def test_the_manifest_counts_a_campaigns_age_from_its_first_manifest(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY, "--set", "campaign_name=First")
    first = desk.place.tables().run[0]

    desk.build(KEY, "--set", "campaign_name=Second")

    manifests = [row for row in desk.place.tables().artifact if row["type"] == "json/campaign-manifest"]
    told = [json.loads(desk.place.blob(row["content_hash"]).read_bytes()) for row in manifests]
    assert told[0]["created_at"] == told[0]["updated_at"] == told[1]["created_at"]
    assert told[1]["updated_at"] > told[1]["created_at"]
    assert told[0]["created_at"][:19].replace("T", " ") == str(first["created_at"])[:19].replace("T", " ")


def test_a_result_of_scope_run_only_is_not_another_runs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_CACHE_POLICY", "game_config_from_template=run_only")
    desk.place.write_brief(KEY)
    desk.build(KEY)

    run = desk.build(KEY)

    tables = desk.place.tables()
    statuses = tables.statuses(run["id"])
    assert statuses.pop("game_config") == ("completed", False)
    # It came to the same bytes, so all that is behind it is reused.
    assert set(statuses.values()) == {("skipped", True)}
    assert sorted(row["scope"] for row in tables.step_cache) == ["global"] * 3 + ["run_only"] * 2


def test_a_result_that_has_expired_is_made_again_and_lives_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_CACHE_POLICY", "generate_bgm_track=global:30d")
    desk.place.write_brief(KEY)
    desk.build(KEY)
    engine = create_engine(desk.place.ledger_url)
    with engine.begin() as connection:
        past = "2020-01-01T00:00:00.000000Z"
        connection.execute(
            text("UPDATE step_cache SET expires_at = :past WHERE step_id = 'bgm'"), {"past": past}
        )
    engine.dispose()

    run = desk.build(KEY)
    again = desk.build(KEY)

    tables = desk.place.tables()
    step = tables.steps_of(run["id"])["bgm"]
    assert step["status"] == "completed"
    assert step["diagnostics"]["cache"]["reason"].startswith("the earlier result expired at 2020-01-01")
    assert tables.statuses(again["id"]) == dict.fromkeys(STEPS, ("skipped", True))


def test_no_tenant_is_served_anothers_result(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.place.write_brief("acme/small")
    desk.build(KEY)

    run = desk.build("acme/small")

    tables = desk.place.tables()
    assert tables.statuses(run["id"]) == dict.fromkeys(STEPS, ("completed", False))
    by_tenant = {
        tenant: {row["content_hash"] for row in tables.artifact if row["tenant_id"] == tenant}
        for tenant in ("demo", "acme")
    }
    # Equal bytes are stored once, and each tenant has rows of its own for them.
    assert len(by_tenant["demo"] & by_tenant["acme"]) == 3
    assert len({row["cache_key"] for row in tables.step_cache}) == 8
