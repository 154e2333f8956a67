"""A ledger of every earlier revision, with rows in it, becomes one of today's and loses nothing."""

from contextlib import closing

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect

from campaign_pipeline.storage import Ledger, RunStatus
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.migrating import migrate_ledger
from campaign_pipeline.storage.schema import HEAD, Migration
from campaign_pipeline.storage.tables import VERSION_TABLE
from campaign_pipeline_tests.storage.building import artifact_of, open_run
from campaign_pipeline_tests.storage.old_ledgers import REVISIONS, TENANTS, ledger_of, move, rows_like
from campaign_pipeline_tests.storage.processes import at_once
from campaign_pipeline_tests.storage.rows import NASTY, hash_of, id_of

each_revision = pytest.mark.parametrize("revision", REVISIONS)


@each_revision
def test_rows_of_every_revision_are_what_they_were(ledger_url: str, revision: str) -> None:
    written = ledger_of(ledger_url, revision)

    migration = migrate_ledger(ledger_url)

    assert migration == Migration(revision, HEAD)
    assert rows_like(ledger_url, written) == written


@each_revision
def test_a_ledger_of_every_revision_is_worked_with_as_if_it_had_always_been_today_s(
    ledger_url: str, revision: str
) -> None:
    ledger_of(ledger_url, revision)
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
    written = ledger_of(ledger_url, revision)
    Ledger.open(ledger_url).close()

    move(ledger_url, command.downgrade, revision)
    tables = _tables_of(ledger_url)
    again = migrate_ledger(ledger_url)

    assert tables == {*written, VERSION_TABLE}
    assert again == Migration(revision, HEAD)
    assert rows_like(ledger_url, written) == written


def test_the_first_revision_can_be_gone_back_behind(ledger_url: str) -> None:
    Ledger.open(ledger_url).close()

    move(ledger_url, command.downgrade, "base")
    left = _tables_of(ledger_url)
    again = migrate_ledger(ledger_url)

    assert left == {VERSION_TABLE}
    assert again == Migration(None, HEAD)


@pytest.mark.parametrize("revision", [REVISIONS[0], REVISIONS[-2]])
def test_processes_that_open_an_old_ledger_at_once_all_get_it(ledger_url: str, revision: str) -> None:
    written = ledger_of(ledger_url, revision)

    seen = at_once(_open_and_count_runs, [ledger_url] * 8)

    assert seen == [len(written["run"])] * 8
    assert rows_like(ledger_url, written) == written


def _open_and_count_runs(url: str) -> int:
    with closing(Ledger.open(url)) as ledger:
        tenants = [ledger.tenant(tenant_id) for tenant_id in TENANTS]
        runs = [
            tenant.run(id_of(tenant.tenant_id, name)) for tenant in tenants for name in ("ended", "going")
        ]
        return sum(run is not None for run in runs)


def _tables_of(url: str) -> set[str]:
    engine = create_engine(LedgerAddress.parse(url).url)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    return tables
