"""A plan says what the build after it does, and changes nothing."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, inspect, text

from campaign_pipeline.building.analysis import StepAnalysis
from campaign_pipeline.building.blobs import PlannedBlobs
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.order import RunOrder
from campaign_pipeline.storage import LocalArtifactStore, StepRecord, Verification
from campaign_pipeline_tests.building.direct import KEY, Direct
from campaign_pipeline_tests.workplace import STEPS

LONGER = {"audio": {"duration_sec": 11}}
BEHIND_CONFIG = {
    "game_bundle": "waits for game_config",
    "campaign_manifest": "waits for game_config and game_bundle",
}
BEHIND_MUSIC = {"game_bundle": "waits for bgm", "campaign_manifest": "waits for bgm and game_bundle"}


@dataclass
class Case:
    """What is done between the first build and the plan, and what the plan must then say of the steps that run."""

    name: str
    runs: dict[str, str]
    change: Callable[[Direct], None] | None = None
    trigger: dict[str, Any] = field(default_factory=dict)


def rewrite(changes: dict[str, Any]) -> Callable[[Direct], None]:
    def change(direct: Direct) -> None:
        direct.place.write_brief(KEY, changes)

    return change


def comment(direct: Direct) -> None:
    path = direct.place.root / "briefs" / f"{KEY}.yaml"
    path.write_text("# a comment\n" + path.read_text())


def another_video(direct: Direct) -> None:
    (direct.place.root / "briefs" / "demo" / "clips" / "win.mp4").write_bytes(b"another film")


def lost_video(direct: Direct) -> None:
    file = direct.place.tables().run[-1]["trigger"]["files"]["videos.win"]
    direct.place.blob(file["content_hash"]).unlink()


def flipped_music(direct: Direct) -> None:
    [music] = [row for row in direct.place.tables().artifact if row["type"] == "audio/bgm"]
    blob = direct.place.blob(music["content_hash"])
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:-1] + b"\0")


def lost_music(direct: Direct) -> None:
    [music] = [row for row in direct.place.tables().artifact if row["type"] == "audio/bgm"]
    for digest in (music["content_hash"], music["metadata"]["attachments"]["waveform"]):
        direct.place.blob(digest).unlink()


def expired_music(direct: Direct) -> None:
    execute(direct, "UPDATE step_cache SET expires_at = '2020-01-01T00:00:00.000000Z' WHERE step_id = 'bgm'")


def execute(direct: Direct, statement: str) -> None:
    engine = create_engine(direct.place.ledger_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


CASES = [
    Case("nothing changed", {}),
    Case("a comment", {}, comment),
    Case("longer music", {"bgm": "audio.duration_sec changed", **BEHIND_MUSIC}, rewrite(LONGER)),
    Case(
        "another title",
        {"game_config": "copy.title changed", **BEHIND_CONFIG},
        rewrite({"copy": {"title": "New"}}),
    ),
    Case("another video", {"campaign_manifest": "files.videos.win changed"}, another_video),
    Case("a video that the store lost", {}, lost_video),
    Case("damaged music", {"bgm": "the earlier result's bytes are altered"}, flipped_music),
    Case("lost music", {"bgm": "the earlier result's bytes are missing"}, lost_music),
    Case("expired music", {"bgm": "the earlier result expired at 2020-01-01 00:00:00 UTC"}, expired_music),
    Case("a refreshed cache", dict.fromkeys(STEPS, "cache is set to refresh"), trigger={"cache": "refresh"}),
    Case("no cache", dict.fromkeys(STEPS, "cache is set to off"), trigger={"cache": "off"}),
    Case(
        "longer music for a base run",
        {"bgm": "audio.duration_sec changed", **BEHIND_MUSIC},
        rewrite({"campaign_name": "Edited since"}),
        {"base_run_id": "FIRST", "overrides": LONGER},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_agrees_with_the_build_that_follows(direct: Direct, case: Case) -> None:
    first = direct.build()
    if case.change is not None:
        case.change(direct)
    trigger = {**case.trigger}
    if "base_run_id" in trigger:
        trigger["base_run_id"] = first["bgm"].run_id

    plan = direct.plan(**trigger)
    steps = direct.build(**trigger)

    assert plan.error is None
    planned = {step.step_id: step for step in plan.steps}
    assert {name: step.reason for name, step in planned.items() if not step.reuse} == case.runs
    assert {name: step.reuse for name, step in planned.items()} == {
        name: step.cache_hit for name, step in steps.items()
    }
    known = {name: step for name, step in planned.items() if step.input_hash is not None}
    assert {name: step.input_hash for name, step in known.items()} == {
        name: steps[name].input_hash for name in known
    }
    assert {name: step.reason.partition(", once ")[0] for name, step in known.items()} == {
        name: analysis_of(steps[name]).reason for name in known
    }
    assert {name: step.saved_ms for name, step in known.items()} == {
        name: analysis_of(steps[name]).saved_ms for name in known
    }


def analysis_of(step: StepRecord) -> StepAnalysis:
    return StepAnalysis.of(step.step_id, step.diagnostics)


def test_a_first_build_is_planned_without_a_ledger_and_none_is_made(direct: Direct) -> None:
    before = _everything(direct.place.root)

    plan = direct.plan()

    assert [(step.step_id, step.words) for step in plan.steps] == [
        ("game_config", "run: first build"),
        ("bgm", "run: first build"),
        ("game_bundle", "run: waits for game_config and bgm"),
        ("campaign_manifest", "run: waits for game_config, bgm and game_bundle"),
    ]
    assert _everything(direct.place.root) == before


def test_no_ledger_is_made_for_a_plan(sqlite_url: str, postgres_url: str, tmp_path: Path) -> None:
    from campaign_pipeline.storage import Ledger  # noqa: PLC0415  beside the two databases that it is about

    assert Ledger.open_made(sqlite_url) is None
    assert Ledger.open_made(postgres_url) is None
    assert list(tmp_path.iterdir()) == []
    engine = create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    assert inspect(engine).get_table_names() == []
    engine.dispose()


@pytest.mark.parametrize("trigger", [{}, {"overrides": LONGER}, {"cache": "refresh"}], ids=str)
def test_a_plan_changes_no_row_and_no_byte(direct: Direct, trigger: dict[str, Any]) -> None:
    direct.build()
    another_video(direct)
    rows, files = direct.place.tables(), _everything(direct.place.store)

    direct.plan(**trigger)

    assert direct.place.tables() == rows
    assert _everything(direct.place.store) == files


def test_a_plan_of_one_refreshed_step_says_what_waits_for_it_and_what_does_not(direct: Direct) -> None:
    direct.build()

    plan = direct.plan(cache="refresh:bgm")

    assert [(step.step_id, step.reuse, step.reason.partition(" in run ")[0]) for step in plan.steps] == [
        ("game_config", True, "same inputs as"),
        ("bgm", False, "cache is set to refresh:bgm"),
        ("game_bundle", False, "waits for bgm"),
        ("campaign_manifest", False, "waits for bgm and game_bundle"),
    ]


def test_a_brief_that_is_wrong_is_refused_in_the_words_of_its_build(direct: Direct) -> None:
    path = direct.place.root / "briefs" / f"{KEY}.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "difficulty": "insane"}))

    plan = direct.plan()

    assert plan.steps == ()
    assert plan.error is not None
    assert plan.error.startswith(f"VALIDATION_ERROR: {path}: difficulty.level: 'insane' found; ")


def test_a_base_run_is_looked_for_where_there_is_no_ledger_too(direct: Direct) -> None:
    plan = direct.plan(base_run_id="00000000-0000-0000-0000-000000000000")

    assert (plan.error or "").startswith("BASE_RUN_NOT_FOUND: base_run_id: 0000")


def test_a_trial_in_between_is_no_reason_for_what_runs_after_it(direct: Direct) -> None:
    direct.build()
    direct.build(overrides={"audio": {"mood": "tense", "energy_level": 1}, "copy": {"title": "A trial"}})
    direct.place.write_brief(KEY, LONGER)

    steps = direct.build()

    assert analysis_of(steps["bgm"]).reason == "audio.duration_sec changed"


def test_a_partial_rebuild_is_explained_by_its_base_run(direct: Direct) -> None:
    base = direct.build()
    direct.build(overrides={"audio": {"mood": "tense"}})

    steps = direct.build(
        base_run_id=base["bgm"].run_id, overrides={"audio": {"mood": "tense", "duration_sec": 11}}
    )

    assert analysis_of(steps["bgm"]).reason == "audio.mood, audio.duration_sec changed"


def test_what_is_expected_of_a_partial_rebuild_is_in_its_rows_from_its_opening(direct: Direct) -> None:
    base = direct.build()
    trigger = {"base_run_id": base["bgm"].run_id, "overrides": LONGER}
    plan = direct.plan(**trigger)

    steps = direct.build(**trigger)

    assert {name: step.diagnostics["expected"] for name, step in steps.items()} == {
        step.step_id: step.to_json() for step in plan.steps
    }


def test_a_step_that_is_run_alone_is_foreseen_from_the_campaign_s_newest_results(direct: Direct) -> None:
    first = direct.build()
    order = replace(direct.order(overrides=LONGER), step_ids=("game_bundle",))

    expected = _expected_at_the_opening(direct, order)

    reason = f"same inputs as in run {first['bgm'].run_id}"
    assert expected == {"game_bundle": {"reuse": True, "reason": reason}}


def test_a_re_execution_is_foreseen_from_its_parent_s_results(direct: Direct) -> None:
    parent = direct.build(overrides=LONGER)["bgm"].run_id
    direct.build()
    behind = replace(
        direct.order(),
        step_ids=("game_bundle", "campaign_manifest"),
        parent_run_id=parent,
        root_run_id=parent,
    )

    expected = _expected_at_the_opening(direct, behind)

    told = {"reuse": True, "reason": f"same inputs as in run {parent}"}
    assert expected == {"game_bundle": told, "campaign_manifest": told}


def test_a_re_execution_is_explained_by_the_run_that_it_executes_again(direct: Direct) -> None:
    parent = direct.build(overrides={"audio": {"mood": "tense"}})["bgm"].run_id
    direct.build()
    execute(direct, "DELETE FROM step_cache")

    steps = direct.run(replace(direct.order(), parent_run_id=parent, root_run_id=parent))

    assert analysis_of(steps["bgm"]).reason == "nothing has changed, but no reusable result was kept"


def test_a_plain_build_expects_nothing(direct: Direct) -> None:
    assert not any("expected" in step.diagnostics for step in direct.build().values())


def test_what_a_step_came_to_is_told_in_its_diagnostics(direct: Direct) -> None:
    steps = direct.build()

    artifacts = {row["id"]: row for row in direct.place.tables().artifact}
    for step in steps.values():
        output, artifact = step.diagnostics["output"], artifacts[step.output_artifact_ids[0]]
        assert {name: artifact[name] for name in ("type", "content_hash", "size_bytes", "filename")} == {
            name: value for name, value in output.items() if name != "figures"
        }
    figures = {name: step.diagnostics["output"]["figures"] for name, step in steps.items()}
    assert figures["game_config"] == {"template_id": "spin_wheel_v1", "theme": "neon_arcade"}
    assert figures["bgm"]["duration_sec"] == 10
    assert figures["game_bundle"]["files"] > 1
    assert figures["campaign_manifest"]["campaign_name"] == "Small"


def test_files_and_blobs_that_campaigns_share_are_read_once(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    store = LocalArtifactStore(tmp_path / "store")
    blob = store.put(b"music")
    blobs = PlannedBlobs(store)
    taken_in, sound = blobs.put_file(film), blobs.verify(blob.content_hash, size_bytes=5)
    film.unlink()
    store.root.rename(tmp_path / "gone")

    assert blobs.put_file(film) == taken_in
    assert blobs.verify(blob.content_hash, size_bytes=5) is sound is Verification.SOUND
    assert blobs.size(taken_in.content_hash) == 4
    assert blobs.verify(taken_in.content_hash) is Verification.SOUND
    assert blobs.size(blob.content_hash) is None


def _expected_at_the_opening(direct: Direct, order: RunOrder) -> dict[str, Any]:
    with closing(Builder(direct.settings)) as builder:
        builder.open(order)
        steps = builder.ledger.tenant("demo").steps(order.run_id)
    return {step.step_id: step.diagnostics["expected"] for step in steps}


def _everything(folder: Path) -> dict[str, tuple[int, int]]:
    """Give every file's size and time; SQLite's own files beside the ledger come and go with its readers."""
    files = [path for path in folder.rglob("*") if path.is_file() and "ledger.db" not in path.name]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}
