"""A folder to work in, as a user has it: briefs, a Dagster instance, a ledger and a store, and the commands.

Belongs here: fixtures that set such a folder up on SQLite or Postgres, run commands in it, and read its tables.
Does not belong here: what a build should come to (the tests say that).
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from campaign_pipeline.cli import main as campaign_command
from campaign_pipeline.model.merge import merge_patch

REPOSITORY = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
STEPS = ("game_config", "bgm", "game_bundle", "campaign_manifest")

Row = dict[str, Any]

SMALL_BRIEF: Mapping[str, Any] = {
    "campaign_name": "Small",
    "template_id": "spin_wheel_v1",
    "theme": "neon_arcade",
    "difficulty": "easy",
    "audio": {"prompt": "a plain tone", "duration_sec": 10, "provider": "stub"},
    "videos": {"intro": "clips/intro.mp4", "win": "clips/win.mp4", "lose": "clips/lose.mp4"},
}
"""A brief that is built in a blink: the tests that are not about music use it."""


@dataclass(frozen=True)
class Tables:
    """All rows of the four tables, oldest first, JSON columns parsed."""

    run: list[Row]
    run_step: list[Row]
    artifact: list[Row]
    step_cache: list[Row]

    def steps_of(self, run_id: str) -> dict[str, Row]:
        """Give a run's steps by name."""
        return {row["step_id"]: row for row in self.run_step if row["run_id"] == run_id}

    def statuses(self, run_id: str) -> dict[str, tuple[str, bool]]:
        """Give status and cache_hit of a run's steps by name."""
        return {name: (row["status"], bool(row["cache_hit"])) for name, row in self.steps_of(run_id).items()}


@dataclass
class Workplace:
    """One user's folder."""

    root: Path
    ledger_url: str
    env: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        """The artifact store's folder."""
        return self.root / ".campaign" / "store"

    def write_brief(self, key: str, changes: Mapping[str, Any] | None = None) -> Path:
        """Write a small brief and its clips; changes are a merge patch on it."""
        tenant, campaign = key.split("/")
        path = self.root / "briefs" / tenant / f"{campaign}.yaml"
        clips = path.parent / "clips"
        clips.mkdir(parents=True, exist_ok=True)
        for name in ("intro", "win", "lose"):
            (clips / f"{name}.mp4").write_bytes(f"{name} of {tenant}".encode() * 50)
        path.write_text(yaml.safe_dump(merge_patch(dict(SMALL_BRIEF), dict(changes or {}))), encoding="utf-8")
        return path

    def command(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's commands in this folder, as a user would."""
        return subprocess.run(
            [str(BIN / words[0]), *words[1:]],
            cwd=self.root,
            env={**bare_environment(), **self.env, **env},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start(self, *words: str, **env: str) -> "subprocess.Popen[str]":
        """Start a command without waiting for it."""
        return subprocess.Popen(
            [str(BIN / words[0]), *words[1:]],
            cwd=self.root,
            env={**bare_environment(), **self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def job_execute(self, key: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Build a campaign by `dagster job execute`."""
        return self.command("dagster", *job_words(tags={"dagster/partition": key}), **env)

    def tables(self) -> Tables:
        """Read every row; a ledger that is not there has none."""
        if self.ledger_url.startswith("sqlite") and not (self.root / ".campaign" / "ledger.db").exists():
            return Tables([], [], [], [])
        engine = create_engine(self.ledger_url.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.connect() as connection:
                return Tables(
                    *(
                        [_parsed(row) for row in connection.execute(text(query)).mappings()]
                        for query in (
                            "SELECT * FROM run ORDER BY created_at",
                            "SELECT * FROM run_step ORDER BY created_at",
                            "SELECT * FROM artifact ORDER BY created_at",
                            "SELECT * FROM step_cache ORDER BY created_at",
                        )
                    )
                )
        finally:
            engine.dispose()

    def blobs(self) -> dict[str, int]:
        """Give every file of the store, what is still being written or was put aside among them, with its size."""
        files = (path for path in self.store.rglob("*") if path.is_file())
        return {str(path.relative_to(self.store)): path.stat().st_size for path in files}

    def blob(self, content_hash: str) -> Path:
        """Give the file that holds an artifact's bytes."""
        digest = content_hash.removeprefix("sha256:")
        return self.store / "sha256" / digest[:2] / digest


def job_words(job: str = "campaign_build", *, tags: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Spell the execution of one of our jobs, behind `dagster`."""
    words = ("job", "execute", "-m", "campaign_pipeline.definitions", "-j", job)
    return words if tags is None else (*words, "--tags", json.dumps(tags))


def bare_environment() -> dict[str, str]:
    """The environment without anything that would reach into the pipeline."""
    reach = ("CAMPAIGN_", "DAGSTER_", "ANTHROPIC_", "LITELLM_", "SOURCE_DATE_EPOCH")
    return {name: value for name, value in os.environ.items() if not name.startswith(reach)}


def _parsed(row: Mapping[Any, Any]) -> Row:
    return {name: _json(value) for name, value in row.items()}


def _json(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "[{":
        return json.loads(value)
    if isinstance(value, list):
        return [_json(child) for child in value]
    return str(value) if isinstance(value, UUID) else value


def lay_out(root: Path) -> Path:
    """Make a folder with the repository's briefs and instance configurations."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copytree(
        REPOSITORY / "briefs", root / "briefs", ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    shutil.copytree(REPOSITORY / "deploy", root / "deploy")
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, root / name)
    return root


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """A folder on SQLite."""
    root = lay_out(tmp_path / "work")
    return Workplace(root, f"sqlite:///{root / '.campaign' / 'ledger.db'}")


@pytest.fixture
def postgres_workplace(tmp_path: Path, postgres_url: str) -> Workplace:
    """A folder whose ledger, and Dagster's own storage, are in one Postgres database."""
    root = lay_out(tmp_path / "work")
    home = {"CAMPAIGN_DATABASE_URL": postgres_url, "DAGSTER_HOME": str(root / "deploy")}
    return Workplace(root, postgres_url, home)


@pytest.fixture(params=["workplace", "postgres_workplace"], ids=["sqlite", "postgres"])
def any_workplace(request: pytest.FixtureRequest) -> Workplace:
    """A folder on either database."""
    found: Workplace = request.getfixturevalue(request.param)
    return found


@dataclass
class Desk:
    """A workplace whose commands run inside this process, for tests of what and not of how it is started."""

    place: Workplace

    def campaign(self, *words: str) -> Result:
        """Run the `campaign` command."""
        return CliRunner().invoke(campaign_command, list(words))

    def build(self, key: str, *words: str) -> Row:
        """Build a campaign that should succeed and give its run row."""
        result = self.campaign("build", key, *words)
        assert result.exit_code == 0, result.output
        return self.place.tables().run[-1]


@pytest.fixture
def desk(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A folder on SQLite that this process stands in."""
    yield from _seated(workplace, monkeypatch)


@pytest.fixture
def any_desk(any_workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A folder on either database that this process stands in."""
    yield from _seated(any_workplace, monkeypatch)


def _seated(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in set(os.environ) - set(bare_environment()):
        monkeypatch.delenv(name)
    for name, value in place.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(place.root)
    yield Desk(place)
