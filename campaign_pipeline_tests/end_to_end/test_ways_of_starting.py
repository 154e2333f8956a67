"""However a build is started, the tables come to the same."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from campaign_pipeline_tests.workplace import STEPS, Workplace, job_words, lay_out

KEY = "demo/small"
EPOCH = "1700000000"


def by_job_execute(place: Workplace) -> None:
    done = place.job_execute(KEY)
    assert done.returncode == 0, done.stdout + done.stderr


def by_asset_materialize(place: Workplace) -> None:
    register(place)
    materialize(place, *STEPS)


def by_campaign_build(place: Workplace) -> None:
    done = place.command("campaign", "build", KEY)
    assert done.returncode == 0, done.stdout + done.stderr


def materialize(place: Workplace, *steps: str) -> None:
    words = ("asset", "materialize", "-m", "campaign_pipeline.definitions", "--partition", KEY)
    done = place.command("dagster", *words, "--select", ",".join(steps))
    assert done.returncode == 0, done.stdout + done.stderr


def register(place: Workplace) -> None:
    """Do what the sensor does where a daemon runs."""
    script = (
        "import os, dagster as dg; from campaign_pipeline.orchestration.partitions import register;"
        "i = dg.DagsterInstance.get() if os.environ.get('DAGSTER_HOME') else dg.DagsterInstance.from_config('.');"
        f"register(i, ['{KEY}'])"
    )
    done = place.command("python", "-c", script)
    assert done.returncode == 0, done.stderr


def rows_without_chance(place: Workplace) -> dict[str, Any]:
    """Give what the tables say, without ids, times and who launched the run."""
    tables = place.tables()
    hashes = {row["id"]: row["content_hash"] for row in tables.artifact}
    return {
        "run": [
            {
                **_only(
                    row, "tenant_id", "campaign_id", "workflow_name", "workflow_version", "status", "error"
                ),
                "trigger": {name: value for name, value in row["trigger"].items() if name != "launched_by"},
                "refs": {step: hashes[artifact] for step, artifact in row["context"]["refs"].items()},
                "computed": row["context"]["computed"],
            }
            for row in tables.run
        ],
        "run_step": {
            row["step_id"]: {
                **_only(row, "skill_id", "status", "input_hash", "cache_hit", "attempt", "error"),
                "outputs": [hashes[artifact] for artifact in row["output_artifact_ids"]],
                "why": row["diagnostics"]["cache"],
            }
            for row in tables.run_step
        },
        "artifact": {
            row["skill_id"]: _only(
                row, "tenant_id", "type", "uri", "content_hash", "size_bytes", "filename", "metadata"
            )
            for row in tables.artifact
        },
        "step_cache": {
            row["step_id"]: {
                **_only(row, "tenant_id", "cache_key", "workflow_name", "input_hash", "scope", "expires_at"),
                "artifacts": [hashes[artifact] for artifact in row["artifact_ids"]],
            }
            for row in tables.step_cache
        },
    }


def _only(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: bool(row[name]) if name == "cache_hit" else row[name] for name in names}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The rows that `dagster job execute` writes on SQLite."""
    root = lay_out(tmp_path_factory.mktemp("reference") / "work")
    place = Workplace(root, f"sqlite:///{root / '.campaign' / 'ledger.db'}", {"SOURCE_DATE_EPOCH": EPOCH})
    place.write_brief(KEY)
    by_job_execute(place)
    return rows_without_chance(place)


@pytest.mark.parametrize("start", [by_job_execute, by_asset_materialize, by_campaign_build])
def test_every_command_writes_the_same_rows(
    any_workplace: Workplace, start: Callable[[Workplace], None], expected: dict[str, Any]
) -> None:
    any_workplace.env["SOURCE_DATE_EPOCH"] = EPOCH
    any_workplace.write_brief(KEY)

    start(any_workplace)

    assert rows_without_chance(any_workplace) == expected


def test_one_asset_alone_takes_its_inputs_from_the_newest_build(any_workplace: Workplace) -> None:
    any_workplace.write_brief(KEY)
    by_job_execute(any_workplace)
    first = any_workplace.tables()
    any_workplace.write_brief(KEY, {"campaign_name": "Renamed"})

    materialize(any_workplace, "campaign_manifest")

    tables = any_workplace.tables()
    run = tables.run[-1]
    assert run["status"] == "completed"
    assert tables.statuses(run["id"]) == {"campaign_manifest": ("completed", False)}
    [made] = [row for row in tables.artifact if row["run_id"] == run["id"]]
    manifest = json.loads(any_workplace.blob(made["content_hash"]).read_bytes())
    assert manifest["campaign_name"] == "Renamed"
    before = {row["skill_id"]: row["content_hash"] for row in first.artifact}
    told = {step: entry["content_hash"] for step, entry in manifest["metadata"]["artifacts"].items()}
    assert told == {
        "game_config": before["game_config_from_template"],
        "bgm": before["generate_bgm_track"],
        "game_bundle": before["bundle_game_template"],
    }


def test_one_asset_alone_says_what_is_missing_where_nothing_was_built_before(workplace: Workplace) -> None:
    workplace.write_brief(KEY)
    register(workplace)

    words = ("asset", "materialize", "-m", "campaign_pipeline.definitions", "--partition", KEY)
    done = workplace.command("dagster", *words, "--select", "game_bundle")

    assert done.returncode == 1
    [run] = workplace.tables().run
    assert run["status"] == "failed"
    assert run["error"].startswith(
        "MISSING_ASSET: bgm: no artifact in any run of demo/small; build the whole"
    )
    assert run["error"] in done.stderr + done.stdout
    assert workplace.tables().statuses(run["id"]) == {"game_bundle": ("skipped", False)}


def test_two_builds_at_once_with_different_overrides_keep_to_their_own(any_workplace: Workplace) -> None:
    any_workplace.write_brief(KEY)
    by_job_execute(any_workplace)

    started = []
    for name in ("Left", "Right"):
        config = any_workplace.root / f"{name}.yaml"
        overrides = {"copy": {"title": name}, "audio": {"prompt": name}}
        config.write_text(yaml.safe_dump({"resources": {"trigger": {"config": {"overrides": overrides}}}}))
        words = job_words(tags={"dagster/partition": KEY})
        started.append(any_workplace.start("dagster", *words, "-c", str(config)))
    outputs = [process.communicate(timeout=300)[0] for process in started]

    assert [process.returncode for process in started] == [0, 0], "\n".join(outputs)
    tables = any_workplace.tables()
    for run in tables.run[1:]:
        name = run["trigger"]["overrides"]["copy"]["title"]
        steps = tables.steps_of(run["id"])
        mine = {
            step: next(row for row in tables.artifact if row["id"] == steps[step]["output_artifact_ids"][0])
            for step in STEPS
        }
        assert {row["run_id"] for row in mine.values()} == {run["id"]}
        config = json.loads(any_workplace.blob(mine["game_config"]["content_hash"]).read_bytes())
        assert config["copy"]["title"] == name
        manifest = json.loads(any_workplace.blob(mine["campaign_manifest"]["content_hash"]).read_bytes())
        assert (
            manifest["metadata"]["artifacts"]["game_bundle"]["content_hash"]
            == mine["game_bundle"]["content_hash"]
        )
        assert manifest["metadata"]["artifacts"]["bgm"]["content_hash"] == mine["bgm"]["content_hash"]


def test_a_re_execution_builds_what_its_parent_was_asked_to_build(workplace: Workplace) -> None:
    workplace.write_brief(KEY)
    by_job_execute(workplace)
    [parent] = workplace.tables().run
    workplace.write_brief(KEY, {"copy": {"title": "Edited since"}})
    tags = {
        "dagster/partition": KEY,
        "dagster/parent_run_id": parent["id"],
        "dagster/root_run_id": parent["id"],
    }

    done = workplace.command("dagster", *job_words(tags=tags))

    assert done.returncode == 0, done.stderr
    tables = workplace.tables()
    assert tables.run[1]["trigger"]["brief"] == parent["trigger"]["brief"]
    assert tables.statuses(tables.run[1]["id"]) == dict.fromkeys(STEPS, ("skipped", True))


def test_a_parent_of_another_campaign_is_no_parent(workplace: Workplace) -> None:
    workplace.write_brief(KEY)
    workplace.write_brief("demo/other", {"campaign_name": "Other"})
    by_job_execute(workplace)
    [parent] = workplace.tables().run
    tags = {"dagster/partition": "demo/other", "dagster/parent_run_id": parent["id"]}

    done = workplace.command("dagster", *job_words(tags=tags))

    assert done.returncode == 0, done.stderr
    trigger = workplace.tables().run[1]["trigger"]
    assert (trigger["campaign_id"], trigger["brief"]["campaign_name"]) == ("other", "Other")
