"""The house stands as docs/how-it-works.md draws it."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from campaign_pipeline_tests.workplace import Workplace

PACKAGE = Path(__file__).parents[1] / "campaign_pipeline"

MAY_IMPORT = {
    "errors": set(),
    "model": {"model"},
    "games": {"games", "model", "errors"},
    "providers": {"providers", "model", "errors"},
    "skills": {"skills", "providers", "games", "model", "errors"},
    "storage": {"storage", "model", "errors"},
    "settings": {"settings", "storage", "model", "errors"},
    "building": {"building", "skills", "providers", "games", "storage", "model", "settings", "errors"},
    "terminal": {"terminal", "building", "storage", "errors"},
    "orchestration": {
        "orchestration",
        "building",
        "skills",
        "storage",
        "model",
        "settings",
        "errors",
        "definitions",
    },
    "definitions": {"orchestration"},
    "commands": {"commands", "orchestration", "building", "storage", "settings", "errors", "terminal"},
    "cli": {"commands"},
}
KNOWS_DAGSTER = {"definitions", "orchestration", "commands"}


def modules() -> Iterator[tuple[str, Path]]:
    """Give every module with the room it is in."""
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        room = relative.parts[0].removesuffix(".py")
        if room != "__init__":
            yield room, path


def imported(path: Path) -> Iterator[str]:
    """Give the full names that a module imports, wherever in it they stand."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{node.module}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def named(path: Path) -> Iterator[str]:
    """Give the texts that stand in a module, by which it could reach a module that it does not import."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize(
    ("room", "path"), list(modules()), ids=lambda value: str(value).rpartition("campaign_pipeline/")[2]
)
def test_imports_point_inward(room: str, path: Path) -> None:
    names = set(imported(path))

    ours = {name.split(".")[1] for name in names if name.startswith("campaign_pipeline.")}
    rooms = {name for name in ours if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()}
    assert rooms <= MAY_IMPORT[room]
    if room not in KNOWS_DAGSTER:
        assert not {name for name in names if name.split(".")[0] == "dagster"}
    assert not {name for name in names if name.startswith("dagster._")}


def test_nothing_but_the_storage_of_dagster_yaml_reaches_what_dagster_keeps_to_itself() -> None:
    reaching = {
        path.relative_to(PACKAGE).as_posix(): {text for text in named(path) if text.startswith("dagster._")}
        for _, path in modules()
    }

    found = {path: texts for path, texts in reaching.items() if texts}
    assert found == {"orchestration/dagster_storage.py": {"dagster._core.storage.sqlite_storage"}}


def test_loading_the_definitions_opens_nothing_and_leaves_the_heavy_libraries_out(tmp_path: Path) -> None:
    heavy = (
        "numpy",
        "soundfile",
        "samplerate",
        "httpx2",
        "PIL",
        "jsonschema",
        "puremagic",
        "tinycss2",
        "psycopg",
        "anthropic",
        "litellm",
    )
    script = (
        "import json, sys, dagster; before = set(sys.modules); import campaign_pipeline.definitions;"
        f"print(json.dumps([name for name in {heavy} if name in set(sys.modules) - before]))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout) == []
    assert list(tmp_path.iterdir()) == []


def test_the_definitions_are_what_a_stranger_is_told() -> None:
    from campaign_pipeline.definitions import defs  # noqa: PLC0415  Dagster is loaded for the tests that need it

    graph = defs.resolve_asset_graph()
    edges = {
        key.to_user_string(): sorted(parent.to_user_string() for parent in graph.get(key).parent_keys)
        for key in graph.get_all_asset_keys()
    }
    assert edges == {
        "campaign_brief": [],
        "game_config": ["campaign_brief"],
        "bgm": ["campaign_brief"],
        "game_bundle": ["bgm", "game_config"],
        "campaign_manifest": ["bgm", "campaign_brief", "game_bundle", "game_config"],
    }
    assert not graph.get(dg.AssetKey("campaign_brief")).is_executable
    assert {job.name for job in defs.jobs or ()} == {
        "campaign_build",
        "campaign_update_audio",
        "campaign_gc",
    }
    assert {getattr(schedule, "name", None) for schedule in defs.schedules or ()} == {
        "recurring_builds",
        "weekly_gc",
    }
    for schedule in defs.schedules or ():
        assert isinstance(schedule, dg.ScheduleDefinition)
        assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
        assert schedule.execution_timezone == "UTC"
    assert {getattr(sensor, "name", None) for sensor in defs.sensors or ()} == {
        "campaigns_with_briefs",
        "runs_that_are_over",
        "cancelled_runs",
        "failed_runs",
    }
    assert defs.executor is dg.in_process_executor
    for name in ("game_config", "bgm", "game_bundle", "campaign_manifest"):
        node = graph.get(dg.AssetKey(name))
        assert node.code_version
        assert node.description
        assert isinstance(node.partitions_def, dg.DynamicPartitionsDefinition)
        assert node.partitions_def.name == "campaigns"


@pytest.mark.parametrize("words", [("-w", "workspace.yaml"), ("-m", "campaign_pipeline.definitions")])
def test_dagster_finds_nothing_wrong_with_the_definitions(
    workplace: Workplace, words: tuple[str, str]
) -> None:
    done = workplace.command("dagster", "definitions", "validate", *words)

    assert done.returncode == 0, done.stderr
    assert "All code locations passed validation" in done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr
