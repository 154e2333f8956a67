"""What cannot be built ends at once, in words that help, and leaves what was good as it was."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from campaign_pipeline_tests.workplace import STEPS, Desk, Tables, job_words

KEY = "demo/small"


def wrong(**changes: Any) -> Callable[[Path], None]:
    """Spoil a brief by replacing some of its keys."""

    def spoil(path: Path) -> None:
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))

    return spoil


def text(content: str) -> Callable[[Path], None]:
    """Replace a brief by other text."""

    def spoil(path: Path) -> None:
        path.write_text(content)

    return spoil


def tagged(path: Path) -> None:
    path.write_text(path.read_text() + "metadata: !!python/object/apply:os.system ['true']\n")


def exploding(path: Path) -> None:
    layers = "\n".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    path.write_text(path.read_text() + f"metadata:\n  l0: &l0 [x]\n{layers}\n")


def linked_out(path: Path) -> None:
    outside = path.parents[2] / "secret.mp4"
    outside.write_bytes(b"not yours")
    (path.parent / "clips" / "win.mp4").unlink()
    (path.parent / "clips" / "win.mp4").symlink_to(outside)


def without_win_video(path: Path) -> None:
    (path.parent / "clips" / "win.mp4").unlink()


def with_a_logo_that_is_text(path: Path) -> None:
    (path.parent / "clips" / "logo.png").write_text("not a picture")
    wrong(branding={"brand_name": "B", "logo_uri": "clips/logo.png"})(path)


VIDEOS = {"intro": "clips/intro.mp4", "win": "../acme/clips/win.mp4", "lose": "clips/lose.mp4"}

SPOILED: list[tuple[str, Callable[[Path], None], str]] = [
    (
        "a logo that is no picture",
        with_a_logo_that_is_text,
        r"VALIDATION_ERROR: briefs/demo/small\.yaml: branding\.logo_uri: clips/logo\.png: .* found, .* expected",
    ),
    (
        "mechanics out of range",
        wrong(mechanics={"min_turns": 999}),
        r"VALIDATION_ERROR: .*mechanics.*min_turns.*999.*",
    ),
    (
        "missing video",
        without_win_video,
        r"MISSING_ASSET: briefs/demo/small\.yaml: videos\.win: clips/win\.mp4 .*",
    ),
    (
        "no YAML",
        text("campaign_name: [unclosed"),
        r"VALIDATION_ERROR: briefs/demo/small\.yaml: .*line \d+, column \d+.*",
    ),
    ("empty", text(""), r"VALIDATION_ERROR: briefs/demo/small\.yaml: nothing found; a mapping .*"),
    ("a list", text("- a\n- b\n"), r"VALIDATION_ERROR: briefs/demo/small\.yaml: a list found; a mapping .*"),
    ("a tag", tagged, r"VALIDATION_ERROR: briefs/demo/small\.yaml: .*tag.*"),
    ("exploding aliases", exploding, r"VALIDATION_ERROR: briefs/demo/small\.yaml: .*(alias|anchor).*"),
    ("unknown key", wrong(them="neon_arcade"), r"VALIDATION_ERROR: .*them.*theme.*"),
    ("wrong type", wrong(campaign_name=7), r"VALIDATION_ERROR: .*campaign_name: 7 found; .*text.*"),
    (
        "probability 1.2",
        wrong(difficulty={"level": "easy", "win_probability": 1.2}),
        r"VALIDATION_ERROR: .*win_probability: 1\.2 found; .*1.*expected.*",
    ),
    ("negative duration", wrong(duration_sec=-5), r"VALIDATION_ERROR: .*duration_sec: -5(\.0)? found; .*"),
    (
        "unknown template",
        wrong(template_id="spin_weel_v1"),
        r"UNKNOWN_TEMPLATE: .*spin_weel_v1.*spin_wheel_v1.*",
    ),
    ("bad colour", wrong(colors={"primary": "bleu"}), r"VALIDATION_ERROR: .*colors\.primary: 'bleu'.*"),
    ("a path that leaves by ..", wrong(videos=VIDEOS), r"VALIDATION_ERROR: .*videos\.win: .*\.\..*"),
    (
        "a path that leaves by a link",
        linked_out,
        r"VALIDATION_ERROR: briefs/demo/small\.yaml: videos\.win: .*link.*",
    ),
    ("an endless title", wrong(copy={"title": "x" * 10_000}), r"VALIDATION_ERROR: .*copy\.title: .*60.*"),
    (
        "bidi overrides",
        wrong(copy={"title": "win \u202e now"}),
        r"VALIDATION_ERROR: .*copy\.title: .*U\+202E.*",
    ),
    (
        "an unknown theme",
        wrong(theme="neon_arcad"),
        r"VALIDATION_ERROR: .*theme: 'neon_arcad'.*neon_arcade.*",
    ),
]


@pytest.mark.parametrize(
    ("spoil", "message"), [case[1:] for case in SPOILED], ids=[case[0] for case in SPOILED]
)
def test_a_brief_that_cannot_be_built_fails_its_run_before_anything_works(
    desk: Desk, spoil: Callable[[Path], None], message: str
) -> None:
    path = desk.place.write_brief(KEY)
    desk.build(KEY)
    good, blobs = desk.place.tables(), desk.place.blobs()
    spoil(path)

    result = desk.campaign("build", KEY)

    tables = desk.place.tables()
    assert result.exit_code == 1
    assert_refused(tables, message)
    assert tables.run[-1]["error"] in " ".join(result.output.split())
    assert len(tables.run[-1]["error"]) < 600
    assert (tables.artifact, tables.step_cache) == (good.artifact, good.step_cache)
    assert tables.run[0] == good.run[0]
    assert desk.place.blobs() == blobs


@pytest.mark.parametrize(
    "case",
    [case for case in SPOILED if case[0] in {"a logo that is no picture", "bidi overrides"}],
    ids=lambda case: case[0],
)
def test_a_refusal_is_recorded_on_either_database(
    any_desk: Desk, case: tuple[str, Callable[[Path], None], str]
) -> None:
    _, spoil, message = case
    spoil(any_desk.place.write_brief(KEY))

    assert any_desk.campaign("build", KEY).exit_code == 1

    assert_refused(any_desk.place.tables(), message)


def assert_refused(tables: Tables, message: str) -> None:
    run = tables.run[-1]
    assert run["status"] == "failed"
    assert re.fullmatch(message, run["error"]), run["error"]
    steps = tables.steps_of(run["id"])
    assert set(steps) == set(STEPS)
    for step in steps.values():
        assert (step["status"], bool(step["cache_hit"]), step["error"]) == ("skipped", False, run["error"])
        assert step["input_hash"] is None


def test_an_unknown_campaign_is_told_the_nearest_one(desk: Desk) -> None:
    result = desk.campaign("build", "demo/sumer-spin")

    assert result.exit_code == 1
    assert_refused(
        desk.place.tables(), r"UNKNOWN_CAMPAIGN: demo/sumer-spin: .*did you mean demo/summer-spin\?"
    )
    assert desk.place.tables().artifact == []


def test_an_unknown_campaign_fails_dagsters_own_command_in_the_same_words(desk: Desk) -> None:
    done = desk.place.job_execute("demo/sumer-spin")

    assert done.returncode == 1
    [run] = desk.place.tables().run
    assert run["error"] in done.stdout + done.stderr


def test_a_key_that_is_none_writes_no_row(desk: Desk) -> None:
    result = desk.campaign("build", "Demo/../x")

    assert result.exit_code == 1
    assert result.output.startswith("VALIDATION_ERROR: KEY: 'Demo/../x' found; <tenant>/<campaign>")


def test_a_database_that_cannot_be_reached_is_a_message_and_no_row(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)
    monkeypatch.setenv("CAMPAIGN_DATABASE_URL", "postgresql://someone:secret@127.0.0.1:9/nothing")

    result = desk.campaign("build", KEY)

    assert result.exit_code == 1
    assert result.output.startswith("LEDGER_UNAVAILABLE: ")
    assert "127.0.0.1" in result.output
    assert "secret" not in result.output
    assert desk.place.tables().run == []


def test_dagsters_command_says_that_the_database_cannot_be_reached(desk: Desk) -> None:
    desk.place.write_brief(KEY)

    done = desk.place.job_execute(
        KEY, CAMPAIGN_DATABASE_URL="postgresql://someone:secret@127.0.0.1:9/nothing"
    )

    assert done.returncode == 1
    assert "LEDGER_UNAVAILABLE: " in done.stdout + done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_a_store_that_cannot_be_written_fails_the_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.place.write_brief(KEY)
    (desk.place.root / "occupied").write_text("a file where the store's folder should be")
    monkeypatch.setenv("CAMPAIGN_STORE_URL", str(desk.place.root / "occupied"))

    result = desk.campaign("build", KEY)

    assert result.exit_code == 1
    [run] = desk.place.tables().run
    assert run["error"].startswith("STORE_UNAVAILABLE: ")
    assert_refused(desk.place.tables(), re.escape(run["error"]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAMPAIGN_CACHE", "sometimes"),
        ("CAMPAIGN_CACHE_POLICY", "bgm=forever"),
        ("CAMPAIGN_MAX_BUNDLE_MB", "-1"),
        ("CAMPAIGN_PUBLIC_URL", "cdn.example.com"),
        ("SOURCE_DATE_EPOCH", "yesterday"),
        ("CAMPAIGN_AUDIO_PROVIDER", "orchestra"),
        ("CAMPAIGN_TEXT_PROVIDER", "poet"),
    ],
)
def test_a_setting_that_is_wrong_is_named_before_anything_works(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    desk.place.write_brief(KEY, {"audio": {"provider": None}})
    monkeypatch.setenv(name, value)

    result = desk.campaign("build", KEY)

    assert result.exit_code == 1
    assert_refused(desk.place.tables(), f"VALIDATION_ERROR: {name}: '{value}' found; .* expected")


def test_a_password_in_the_public_address_is_refused_and_repeated_nowhere(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)
    monkeypatch.setenv("CAMPAIGN_PUBLIC_URL", "https://user:s3cret@cdn.example.com/c")

    result = desk.campaign("build", KEY)

    assert result.exit_code == 1
    assert_refused(
        desk.place.tables(), "VALIDATION_ERROR: CAMPAIGN_PUBLIC_URL: .* without password.* expected"
    )
    assert "s3cret" not in result.output + str(desk.place.tables())


def test_a_run_configuration_that_no_table_can_hold_leaves_a_failed_run(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    words = (*job_words(tags={"dagster/partition": KEY}), "-c")

    for number, config in enumerate(({"overrides": {"audio": {"bpm": math.nan}}}, {"base_run_id": "abc"})):
        path = desk.place.root / f"{number}.yaml"
        path.write_text(yaml.safe_dump({"resources": {"trigger": {"config": config}}}))
        assert desk.place.command("dagster", *words, str(path)).returncode == 1

    not_a_number, not_an_id = (run["error"] for run in desk.place.tables().run)
    assert not_a_number.startswith("VALIDATION_ERROR: overrides: ")
    assert not_an_id == "BASE_RUN_NOT_FOUND: base_run_id: 'abc' found; the id of a completed run is expected"
