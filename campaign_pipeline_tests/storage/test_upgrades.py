"""A ledger of every earlier revision, with rows in it, becomes one of today's and loses nothing."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, select

from campaign_pipeline.storage import Ledger, RunStatus
from campaign_pipeline.storage.database import Database
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.migrating import migrate_ledger
from campaign_pipeline.storage.schema import HEAD, MIGRATIONS, VERSION_TABLE, Migration
from campaign_pipeline.storage.scopes import Scope
from campaign_pipeline.storage.tables import METADATA
from campaign_pipeline_tests.storage.building import artifact_of, open_run
from campaign_pipeline_tests.storage.processes import at_once
from campaign_pipeline_tests.storage.rows import NASTY, Rows, hash_of, id_of, insert_rows, rows_of

TENANTS = ("demo", "acme")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


REVISIONS = sorted(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())
"""All there are: a new one is tested without anybody's doing."""

each_revision = pytest.mark.parametrize("revision", REVISIONS)


@each_revision
def test_rows_of_every_revision_are_what_they_were(ledger_url: str, revision: str) -> None:
    written = _ledger_of(ledger_url, revision)

    migration = migrate_ledger(ledger_url)

    assert migration == Migration(revision, HEAD)
    assert _rows_like(ledger_url, written) == written


@each_revision
def test_a_ledger_of_every_revision_is_worked_with_as_if_it_had_always_been_today_s(
    ledger_url: str, revision: str
) -> None:
    _ledger_of(ledger_url, revision)
    ended, going, made = (id_of("demo", name) for name in ("ended", "going", "artifact"))

    with closing(Ledger.open(ledger_url)) as ledger:
        tenant = ledger.tenant("demo")
        old, [_, bundle], artifact = tenant.run(ended), tenant.steps(ended), tenant.artifact(made)
        entry, expired = (tenant.cache_entry(hash_of("demo", name)) for name in ("key", "expired key"))
        others = tenant.cache_entry(hash_of("acme", "key"))
        new = open_run(tenant, step_ids=("bgm",))
        hit = tenant.record_hit(new.id, "bgm", input_hash=hash_of("demo", "bgm"), artifacts=[made])
        retried = tenant.start_step(going, "bgm", input_hash=hash_of("demo", "bgm"), attempt=4)
        published = tenant.publish(going, "bgm", artifact=artifact_of("bgm"), cache=None, duration_ms=1)
        finished = tenant.run(going)

    assert old is not None
    assert (old.status, old.trigger, old.context["computed"]) == (RunStatus.COMPLETED, NASTY, NASTY)
    assert bundle.error == "waited for bgm: it's 100 % over"
    assert entry is not None
    assert (entry.artifact, entry.expired, others) == (artifact, False, None)
    assert expired is not None
    assert expired.expired
    assert (hit.cache_hit, hit.output_artifact_ids) == (True, [made])
    assert retried.attempt == 4
    assert finished is not None
    assert (finished.status, finished.context["refs"]) == (RunStatus.COMPLETED, {"bgm": published.id})


@each_revision
def test_every_revision_can_be_gone_back_to_and_come_from_again(ledger_url: str, revision: str) -> None:
    written = _ledger_of(ledger_url, revision)
    Ledger.open(ledger_url).close()

    _move(ledger_url, command.downgrade, revision)
    tables = _tables_of(ledger_url)
    again = migrate_ledger(ledger_url)

    assert tables == {*written, VERSION_TABLE}
    assert again == Migration(revision, HEAD)
    assert _rows_like(ledger_url, written) == written


def test_the_first_revision_can_be_gone_back_behind(ledger_url: str) -> None:
    Ledger.open(ledger_url).close()

    _move(ledger_url, command.downgrade, "base")
    left = _tables_of(ledger_url)
    again = migrate_ledger(ledger_url)

    assert left == {VERSION_TABLE}
    assert again == Migration(None, HEAD)


@pytest.mark.parametrize("revision", [REVISIONS[0], REVISIONS[-2]])
def test_processes_that_open_an_old_ledger_at_once_all_get_it(ledger_url: str, revision: str) -> None:
    written = _ledger_of(ledger_url, revision)

    seen = at_once(_open_and_count_runs, [ledger_url] * 8)

    assert seen == [len(written["run"])] * 8
    assert _rows_like(ledger_url, written) == written


def _open_and_count_runs(url: str) -> int:
    with closing(Ledger.open(url)) as ledger:
        tenants = [ledger.tenant(tenant_id) for tenant_id in TENANTS]
        runs = [
            tenant.run(id_of(tenant.tenant_id, name)) for tenant in tenants for name in ("ended", "going")
        ]
        return sum(run is not None for run in runs)


def _ledger_of(url: str, revision: str) -> Rows:
    """Make a ledger of an old revision with rows of two tenants.

    Returns:
        The rows that it holds, in the order of their keys.
    """
    path = LedgerAddress.parse(url).path
    if path is not None:
        path.parent.mkdir()
    if revision == HEAD:
        migrate_ledger(url)
    else:
        _move(url, command.upgrade, revision)
    written: Rows = {}
    with closing(Database(LedgerAddress.parse(url))) as database, database.write_as_login() as connection:
        for tenant_id in TENANTS:
            for name, rows in insert_rows(connection, rows_of(tenant_id)).items():
                written.setdefault(name, []).extend(rows)
    return {name: sorted(rows, key=lambda row: _key(name, row)) for name, rows in written.items()}


def _move(url: str, step: Callable[[Config, str], None], revision: str) -> None:
    """Let Alembic bring a database to a revision, by upgrade or downgrade."""
    config = _config()
    with closing(Database(LedgerAddress.parse(url))) as database, database.write_as_login() as connection:
        config.attributes["connection"] = connection
        step(config, revision)


def _rows_like(url: str, wanted: Rows) -> Rows:
    """Read all rows of some tables through today's schema, of each the columns that the wanted one has."""
    found: Rows = {}
    with closing(Database(LedgerAddress.parse(url))) as database:
        for name, rows in wanted.items():
            with database.read(Scope.of_housekeeping("verify")) as connection:
                read = connection.execute(select(METADATA.tables[name])).mappings().all()
            by_key = {_key(name, row): row for row in read}
            assert len(by_key) == len(rows)
            found[name] = [{column: by_key[_key(name, row)][column] for column in row} for row in rows]
    return found


def _key(table: str, row: Any) -> tuple[str, ...]:
    return tuple(row[column.name] for column in METADATA.tables[table].primary_key)


def _tables_of(url: str) -> set[str]:
    engine = create_engine(LedgerAddress.parse(url).url)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    return tables
