"""Dagster's own storage in dagster.yaml: the folders it always had, and none that is half made."""

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from campaign_pipeline.errors import CampaignError
from campaign_pipeline.orchestration import dagster_storage
from campaign_pipeline.orchestration.dagster_storage import DATABASES
from campaign_pipeline.storage.file_lock import alone
from campaign_pipeline_tests.workplace import Workplace

BUILT_IN = "storage: {sqlite: {base_dir: .campaign/dagster}}\n"


@pytest.fixture
def folder(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the repository's dagster.yaml, in which this process stands."""
    monkeypatch.chdir(workplace.root)
    return workplace.root


def opened(folder: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(folder))


def test_a_new_instance_has_the_databases_that_dagster_itself_would_make(folder: Path) -> None:
    with opened(folder):
        ours = schemas(folder / ".campaign" / "dagster")

    (folder / "own").mkdir()
    (folder / "own" / "dagster.yaml").write_text(BUILT_IN.replace(".campaign/dagster", f"{folder}/own"))
    with opened(folder / "own"):
        theirs = schemas(folder / "own")
    assert ours == theirs
    files = {path.name for path in (folder / ".campaign" / "dagster").rglob("*") if path.is_file()}
    assert files == {"runs.db", "index.db", "schedules.db", "first-opening.lock"}


def test_an_instance_that_dagster_made_goes_on_working(folder: Path) -> None:
    configured = (folder / "dagster.yaml").read_text()
    (folder / "dagster.yaml").write_text(BUILT_IN)
    with opened(folder) as instance:
        instance.add_dynamic_partitions("campaigns", ["demo/summer"])
    (folder / "dagster.yaml").write_text(configured)

    with opened(folder) as instance:
        known = instance.get_dynamic_partitions("campaigns")

    assert known == ["demo/summer"]
    assert not (folder / ".campaign" / "dagster" / "first-opening.lock").exists()


def test_what_a_process_that_died_while_it_opened_left_is_not_looked_at(folder: Path) -> None:
    base = folder / ".campaign" / "dagster"
    with opened(folder):
        pass
    (base / "history" / "runs" / "index.db").unlink()
    (base / "first-opening" / "history").mkdir(parents=True)
    (base / "first-opening" / "history" / "runs.db").write_bytes(b"half a datab")

    with opened(folder) as instance:
        instance.add_dynamic_partitions("campaigns", ["demo/summer"])

    assert not (base / "first-opening").exists()
    assert all((base / name).stat().st_size > 0 for name in DATABASES)


def test_a_first_opening_that_somebody_holds_up_says_which_file_is_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = folder / ".campaign" / "dagster" / "first-opening.lock"
    lock.parent.mkdir(parents=True)
    monkeypatch.setattr(dagster_storage, "_FIRST_OPENING_S", 0.05)

    with alone(lock, timeout_s=1), pytest.raises(CampaignError) as caught:
        opened(folder)

    assert str(caught.value) == (
        "LEDGER_UNAVAILABLE: .campaign/dagster/first-opening.lock: database is locked; "
        "one process at a time makes Dagster's storage there, and the others wait up to 0.05 s for it"
    )
    assert caught.value.retryable


def schemas(base: Path) -> dict[str, list[tuple[str, ...]]]:
    """Give what each database consists of, and at which revision it stands."""
    found = {}
    for name in DATABASES:
        with closing(sqlite3.connect(base / name)) as connection:
            parts = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
            found[name] = parts + connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return found
