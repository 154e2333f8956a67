"""Tenants stay apart on Postgres although a query forgets to say whose rows it means."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, get_args

import pytest
from sqlalchemy import Connection, Table, delete, event, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from campaign_pipeline.storage import Ledger
from campaign_pipeline.storage.app_role import APP_ROLE, TABLE_RIGHTS
from campaign_pipeline.storage.scopes import Purpose, Scope
from campaign_pipeline.storage.tables import METADATA, RUN, VERSION_TABLE
from campaign_pipeline_tests.storage.rows import MADE_AT, hash_of, id_of, insert_rows, rows_of, run_plainly

DEMO, ACME = Scope.of_tenant("demo"), Scope.of_tenant("acme")
TABLES = list(METADATA.tables.values())
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@pytest.fixture
def filled(postgres_url: str) -> Iterator[Ledger]:
    """A ledger on Postgres in which two tenants have rows in every table."""
    ledger = Ledger.open(postgres_url)
    with ledger._database.write_as_login() as connection:
        for tenant_id in ("demo", "acme"):
            insert_rows(connection, rows_of(tenant_id))
    yield ledger
    ledger.close()


def test_every_table_is_fenced_by_one_policy_that_holds_its_owner_too(filled: Ledger) -> None:
    fences = text("""
        SELECT relname, relrowsecurity AND relforcerowsecurity, polcmd, polpermissive, polroles = '{0}',
               pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
        FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid
        WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname <> :version
    """)

    with filled._database.read_as_login() as connection:
        found = [tuple(row) for row in connection.execute(fences, {"version": VERSION_TABLE})]

    seen = "campaign_sees(tenant_id)"
    assert sorted(found) == sorted((table.name, True, "*", True, True, seen, seen) for table in TABLES)


def test_the_role_may_do_what_the_ledger_needs_and_nothing_else(filled: Ledger) -> None:
    rights = text("""
        SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = :role
    """)
    role = text("""
        SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb, rolreplication,
               EXISTS (SELECT FROM pg_shdepend WHERE refobjid = pg_roles.oid AND deptype = 'o')
        FROM pg_roles WHERE rolname = :role
    """)

    with filled._database.read_as_login() as connection:
        granted = {tuple(row) for row in connection.execute(rights, {"role": APP_ROLE})}
        powers = connection.execute(role, {"role": APP_ROLE}).one()

    wanted = {(table.name, right) for table in TABLES for right in TABLE_RIGHTS}
    assert granted == wanted | {(VERSION_TABLE, "SELECT")}
    assert set(powers) == {False}


@each_table
def test_a_read_without_its_filter_still_gives_no_other_tenant_s_rows(filled: Ledger, table: Table) -> None:
    with filled._database.read(DEMO) as connection:
        found = connection.execute(select(table)).mappings().all()

    assert {row["tenant_id"] for row in found} == {"demo"}
    assert len(found) == len(rows_of("demo")[table.name])


@each_table
def test_an_update_without_its_filter_still_changes_no_other_tenant_s_rows(
    filled: Ledger, table: Table
) -> None:
    before = _rows(filled, table, "acme")
    touched = update(table).values(created_at=MADE_AT.replace(year=1999))

    with filled._database.write(DEMO) as connection:
        changed = connection.execute(touched).rowcount

    assert changed == len(rows_of("demo")[table.name])
    assert _rows(filled, table, "acme") == before


def test_a_delete_without_its_filter_still_deletes_no_other_tenant_s_rows(filled: Ledger) -> None:
    with filled._database.write(DEMO) as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(delete(table))

    assert all(_rows(filled, table, "demo") == [] for table in TABLES)
    assert all(len(_rows(filled, table, "acme")) == len(rows_of("acme")[table.name]) for table in TABLES)


@each_table
def test_a_row_for_another_tenant_is_refused_and_the_mistake_is_not_called_an_outage(
    filled: Ledger, table: Table
) -> None:
    row = {**rows_of("acme")[table.name][0], **({"status": _begin(table)} if "status" in table.c else {})}

    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        filled._database.write(DEMO) as connection,
    ):
        connection.execute(insert(table).values(row))
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        filled._database.write(DEMO) as connection,
    ):
        connection.execute(update(table).values(tenant_id="acme"))

    assert len(_rows(filled, table, "acme")) == len(rows_of("acme")[table.name])


@pytest.mark.parametrize("purpose", get_args(Purpose))
def test_housekeeping_sees_and_changes_all_tenants_for_every_purpose_there_is(
    filled: Ledger, purpose: Purpose
) -> None:
    scope = Scope.of_housekeeping(purpose)

    with filled._database.read(scope) as connection:
        seen = {table.name: set(connection.scalars(select(table.c.tenant_id))) for table in TABLES}
    with filled._database.write(scope) as connection:
        changed = {table.name: connection.execute(delete(table)).rowcount for table in _deletable()}

    assert seen == {table.name: {"demo", "acme"} for table in TABLES}
    assert changed == {table.name: 2 * len(rows_of("demo")[table.name]) for table in _deletable()}


def test_a_purpose_without_a_name_is_refused_rather_than_shown_nothing(ledger: Ledger) -> None:
    unknown: Any = "curiosity"

    with pytest.raises(ValueError, match="purpose 'curiosity' found; one of gc, plan"):
        ledger.housekeeping(unknown)


@pytest.mark.parametrize("settings", ["", "SET LOCAL campaign.tenant = ''; SET LOCAL campaign.purpose = 'x'"])
def test_a_session_in_the_role_that_took_no_scope_sees_nothing_and_writes_nothing(
    filled: Ledger, settings: str
) -> None:
    with filled._database.write_as_login() as connection:
        connection.exec_driver_sql(f"SET LOCAL ROLE {APP_ROLE}; {settings}")
        seen = [connection.scalar(select(func.count()).select_from(table)) for table in TABLES]
        deleted = [connection.execute(delete(table)).rowcount for table in _deletable()]
        with pytest.raises(ProgrammingError, match="row-level security"):
            connection.execute(insert(RUN).values({**rows_of("demo")["run"][0], "status": "queued"}))
        connection.rollback()

    assert set(seen) | set(deleted) == {0}


def test_nothing_of_a_scope_is_left_on_the_connection(filled: Ledger) -> None:
    """A pooler such as PgBouncer gives the connection to somebody else after the transaction."""
    left = text("""
        SELECT current_user, coalesce(current_setting('campaign.tenant', true), ''),
               coalesce(current_setting('campaign.purpose', true), ''), pg_backend_pid()
    """)

    with filled._database.read(DEMO) as connection:
        [_, *inside, pid] = connection.execute(left).one()
    with pytest.raises(IntegrityError), filled._database.write(Scope.of_housekeeping("gc")) as connection:
        connection.execute(insert(RUN).values({**rows_of("new")["run"][0], "status": "failed"}))
    with filled._database.read_as_login() as connection:
        after = tuple(connection.execute(left).one())

    assert inside == ["demo", ""]
    assert after == ("postgres", "", "", pid)


def test_guards_references_and_locks_hold_in_the_role_too(filled: Ledger) -> None:
    stray = {**rows_of("demo")["run_step"][0], "id": id_of("x", "x"), "run_id": id_of("x", "y")}

    with pytest.raises(IntegrityError, match="may not go from completed"), _writing(filled) as connection:
        connection.execute(update(RUN).values(status="running"))
    with pytest.raises(IntegrityError, match="fk_run_step_run_id_run"), _writing(filled) as connection:
        connection.execute(insert(METADATA.tables["run_step"]).values({**stray, "status": "pending"}))
    with _writing(filled) as connection:
        connection.execute(select(func.pg_advisory_xact_lock(7)))
        locked = connection.execute(select(RUN.c.id).with_for_update(skip_locked=True)).all()

    assert len(locked) == len(rows_of("demo")["run"])


MANY_ROWS = """
    CREATE TEMPORARY TABLE counted AS
        SELECT n, 'sha256:' || encode(sha256(n::text::bytea), 'hex') AS hash, md5(n::text)::uuid AS id
        FROM generate_series(1, 4000) AS n;
    INSERT INTO run SELECT r.* FROM counted, LATERAL jsonb_populate_record((SELECT run FROM run LIMIT 1),
        jsonb_build_object('id', id, 'campaign_id', 'c' || n % 500, 'status', 'queued')) AS r;
    INSERT INTO artifact SELECT r.* FROM counted, LATERAL jsonb_populate_record(
        (SELECT artifact FROM artifact LIMIT 1), jsonb_build_object('id', id, 'run_id', id)) AS r;
    INSERT INTO run_step SELECT r.* FROM counted, LATERAL jsonb_populate_record(
        (SELECT run_step FROM run_step LIMIT 1), jsonb_build_object('id', id, 'run_id', id, 'status', 'pending',
        'step_id', 'bgm', 'campaign_id', 'c' || n % 500, 'output_artifact_ids', jsonb_build_array(id))) AS r;
    UPDATE run_step SET status = 'running' WHERE status = 'pending';
    UPDATE run_step SET status = 'completed', completed_at = now() WHERE status = 'running';
    INSERT INTO step_cache SELECT r.* FROM counted, LATERAL jsonb_populate_record(
        (SELECT step_cache FROM step_cache LIMIT 1), jsonb_build_object('id', id, 'cache_key', hash)) AS r;
    ANALYZE
"""


def test_the_look_ups_that_every_step_makes_still_go_by_their_indexes(filled: Ledger) -> None:
    with filled._database.write_as_login() as connection:
        run_plainly(connection, MANY_ROWS)
    tenant, run_id = filled.tenant("demo"), id_of("demo", "going")
    plans: list[str] = []

    with _explained(filled, plans):
        tenant.cache_entry(hash_of("demo", "key"))
        tenant.recent_reads("c7", "bgm")
        tenant.newest_run("c7")
        tenant.newest_artifact("c7", "bgm")
        tenant.step_artifact(run_id, "bgm")
        tenant.run(run_id)
        tenant.steps(run_id)
        tenant.first_built_at("c7")
        tenant.fail_step(run_id, "bgm", error="over")

    assert len(plans) >= 11
    assert [plan for plan in plans if "Seq Scan" in plan] == []


@contextmanager
def _explained(ledger: Ledger, plans: list[str]) -> Iterator[None]:
    """Note the plan of every statement on a table, in the scope in which it runs."""

    def explain(_connection: object, cursor: Any, sql: str, parameters: Any, *_rest: object) -> None:
        if "set_config" not in sql:
            with cursor.connection.cursor() as beside:
                plan = beside.execute(f"EXPLAIN {sql}", parameters).fetchall()
            plans.append("\n".join([sql, *(line for (line,) in plan)]))

    engine = ledger._database._engine
    event.listen(engine, "before_cursor_execute", explain)
    yield
    event.remove(engine, "before_cursor_execute", explain)


def _writing(ledger: Ledger) -> AbstractContextManager[Connection]:
    return ledger._database.write(DEMO)


def _begin(table: Table) -> str:
    return "queued" if table is RUN else "pending"


def _deletable() -> list[Table]:
    """Give the tables that no other refers to."""
    return [table for table in TABLES if table is not RUN]


def _rows(ledger: Ledger, table: Table, tenant_id: str) -> list[Any]:
    """Read a tenant's rows as the server's owner, whom nothing fences."""
    with ledger._database.read_as_login() as connection:
        return sorted(
            map(tuple, connection.execute(select(table).where(table.c.tenant_id == tenant_id))), key=str
        )
