"""Logins of a Postgres server: who may migrate a ledger, who may only work with it, and what the others are told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import Connection, func, inspect, select, text

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage import Ledger
from campaign_pipeline.storage.app_role import APP_ROLE
from campaign_pipeline.storage.database import Database
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.migrating import migrate_ledger
from campaign_pipeline.storage.schema import HEAD, Migration
from campaign_pipeline.storage.scopes import Scope
from campaign_pipeline.storage.tables import METADATA, RUN, VERSION_TABLE
from campaign_pipeline_tests.databases import PostgresServer
from campaign_pipeline_tests.storage.building import entry_for, open_run, produce, reuse
from campaign_pipeline_tests.storage.old_ledgers import REVISIONS, ledger_of, rows_like
from campaign_pipeline_tests.storage.processes import at_once

Login = Callable[[str], str]
SIDE_BY_SIDE = 4


@pytest.fixture
def login(postgres_server: PostgresServer) -> Iterator[Login]:
    """Make logins that are no superusers, and that are gone after the test."""
    with ExitStack() as stack:

        def make(powers: str) -> str:
            name = f"login_{uuid4().hex[:12]}"
            postgres_server.execute(f"CREATE ROLE {name} LOGIN {powers}")
            stack.callback(postgres_server.execute, f"DROP ROLE {name}")
            return name

        yield make


@pytest.fixture
def without_role(postgres_server: PostgresServer) -> None:
    """No database of this server has been migrated yet."""
    postgres_server.execute(f"DROP ROLE IF EXISTS {APP_ROLE}")


@pytest.fixture
def database(login: Login, postgres_server: PostgresServer) -> Iterator[str]:  # noqa: ARG001  torn down before it
    """The name of an empty database; it is dropped before the logins are."""
    name = f"test_{uuid4().hex}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield name
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def owner(
    without_role: None,  # noqa: ARG001  first of all: a database that is there would keep the role
    login: Login,
    database: str,
    postgres_server: PostgresServer,
) -> str:
    """A login that owns the database and may make roles; it administers nobody else's."""
    name = login("CREATEROLE")
    postgres_server.execute(f"ALTER DATABASE {database} OWNER TO {name}")
    return name


def build_one_and_reuse_it(url: str) -> None:
    ledger = Ledger.open(url)
    tenant = ledger.tenant("demo")
    made = produce(tenant, open_run(tenant), "bgm", cache=entry_for(tenant, "bgm"))
    reuse(tenant, open_run(tenant), "bgm", artifact_id=made.id)
    ledger.close()


def test_an_owner_who_is_no_superuser_makes_everything_by_opening(
    owner: str, database: str, postgres_server: PostgresServer
) -> None:
    url = postgres_server.url(database, login=owner)

    build_one_and_reuse_it(url)

    assert migrate_ledger(url) == Migration(HEAD, HEAD)


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_owner_who_is_no_superuser_upgrades_a_ledger_with_rows(
    owner: str, database: str, postgres_server: PostgresServer, revision: str
) -> None:
    url = postgres_server.url(database, login=owner)
    written = ledger_of(url, revision)

    Ledger.open(url).close()

    assert rows_like(url, written) == written


def test_an_owner_is_held_by_row_level_security_like_everybody(
    owner: str, database: str, postgres_server: PostgresServer
) -> None:
    url = postgres_server.url(database, login=owner)
    build_one_and_reuse_it(url)
    ledger, count = Ledger.open(url), select(func.count()).select_from(RUN)

    with ledger._database.read_as_login() as connection:
        seen = connection.scalar(count)
        connection.execute(text("SELECT set_config('campaign.purpose', 'migrate', true)"))
        seen_by_migrations = connection.scalar(count)

    ledger.close()
    assert (seen, seen_by_migrations) == (0, 2)


def test_a_login_that_owns_nothing_works_with_a_ledger_that_was_granted_to_it(
    owner: str, login: Login, database: str, postgres_server: PostgresServer
) -> None:
    member = login("NOINHERIT")
    migrate_ledger(postgres_server.url(database, login=owner), grant_to=[member])
    url = postgres_server.url(database, login=member)

    build_one_and_reuse_it(url)
    again = migrate_ledger(url)

    assert again == Migration(HEAD, HEAD)
    ledger = Ledger.open(url)
    with ledger._database.read_as_login() as connection:
        owned = connection.scalar(
            text("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
        )
    ledger.close()
    assert owned == 0


@pytest.mark.parametrize(
    ("right", "reason"),
    [("CREATE", "permission denied for schema public"), ("ALL", "no schema has been selected to create in")],
)
def test_a_login_that_may_make_nothing_is_told_who_may(
    login: Login, database: str, postgres_server: PostgresServer, right: str, reason: str
) -> None:
    stranger = login("")
    with _as_superuser(postgres_server.url(database)) as connection:
        connection.exec_driver_sql(f"REVOKE {right} ON SCHEMA public FROM PUBLIC")

    with pytest.raises(CampaignError, match=reason) as refused:
        Ledger.open(postgres_server.url(database, login=stranger))

    _tells_what_to_do(refused.value)


@pytest.mark.usefixtures("without_role")
def test_a_login_that_may_make_tables_but_no_roles_is_told_who_may(
    login: Login, database: str, postgres_server: PostgresServer
) -> None:
    maker = login("NOCREATEROLE")
    postgres_server.execute(f"ALTER DATABASE {database} OWNER TO {maker}")
    url = postgres_server.url(database, login=maker)

    with pytest.raises(CampaignError, match="permission denied to create role") as refused:
        Ledger.open(url)

    _tells_what_to_do(refused.value)
    assert _tables_of(postgres_server.url(database)) == set()


def test_an_owner_to_whom_another_owner_s_role_was_not_granted_is_told_who_may(
    login: Login, database: str, postgres_url: str, postgres_server: PostgresServer
) -> None:
    """Roles are the cluster's: the second database finds the role that the first one's owner made."""
    Ledger.open(postgres_url).close()
    second = login("CREATEROLE")
    postgres_server.execute(f"ALTER DATABASE {database} OWNER TO {second}")
    url = postgres_server.url(database, login=second)

    with pytest.raises(CampaignError, match=f'permission denied to grant role "{APP_ROLE}"') as refused:
        Ledger.open(url)
    postgres_server.execute(f"GRANT {APP_ROLE} TO {second}")
    build_one_and_reuse_it(url)

    _tells_what_to_do(refused.value)


def test_a_login_without_the_role_is_told_who_may_grant_it(
    login: Login, database: str, postgres_server: PostgresServer
) -> None:
    migrate_ledger(postgres_server.url(database))
    stranger = login("")

    with pytest.raises(
        CampaignError, match="permission denied for table campaign_alembic_version"
    ) as refused:
        Ledger.open(postgres_server.url(database, login=stranger))

    _tells_what_to_do(refused.value)


def test_a_ledger_that_was_restored_without_its_roles_is_mended_by_migrating(
    owner: str, database: str, postgres_server: PostgresServer
) -> None:
    """A dump of one database holds policies and tables, and no roles."""
    url = postgres_server.url(database, login=owner)
    build_one_and_reuse_it(url)
    ledger = Ledger.open(url)
    with ledger._database.write_as_login() as connection:
        connection.execute(text(f"DROP OWNED BY {APP_ROLE}"))
        connection.execute(text(f"DROP ROLE {APP_ROLE}"))

    with pytest.raises(CampaignError, match=f'role "{APP_ROLE}" does not exist') as refused:
        ledger.tenant("demo").newest_run("summer")
    migrate_ledger(url)
    found = ledger.tenant("demo").newest_run("summer")

    ledger.close()
    assert found is not None
    _tells_what_to_do(refused.value)


@pytest.mark.usefixtures("without_role")
@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS"])
def test_a_role_that_sees_all_is_not_worked_in(
    power: str, postgres_url: str, postgres_server: PostgresServer
) -> None:
    postgres_server.execute(f"CREATE ROLE {APP_ROLE} {power}")

    try:
        with pytest.raises(CampaignError, match=f"role {APP_ROLE} is a superuser or bypasses") as refused:
            Ledger.open(postgres_url)
    finally:
        postgres_server.execute(f"DROP ROLE {APP_ROLE}")

    assert refused.value.code is ErrorCode.LEDGER_UNAVAILABLE
    assert _tables_of(postgres_url) == set()


def test_databases_of_one_cluster_that_migrate_at_the_same_moment_share_one_role(
    owner: str, postgres_server: PostgresServer
) -> None:
    with ExitStack() as stack:
        names = [
            stack.enter_context(postgres_server.database()).rpartition("/")[2] for _ in range(SIDE_BY_SIDE)
        ]
        for name in names:
            postgres_server.execute(f"ALTER DATABASE {name} OWNER TO {owner}")
        urls = [postgres_server.url(name, login=owner) for name in names]

        made = at_once(migrate_ledger, urls)

        assert made == [Migration(None, HEAD)] * SIDE_BY_SIDE


def test_a_login_with_a_schema_of_its_own_keeps_the_ledger_there(
    owner: str, database: str, postgres_server: PostgresServer
) -> None:
    own = _schema_of(owner, postgres_server.url(database))
    url = postgres_server.url(database, login=owner)

    build_one_and_reuse_it(url)
    again = migrate_ledger(url)

    assert again == Migration(HEAD, HEAD)
    assert _tables_of(postgres_server.url(database), schema=own) == {*METADATA.tables, VERSION_TABLE}
    assert _tables_of(postgres_server.url(database)) == set()


def test_nothing_of_the_ledger_s_schema_is_left_on_a_connection(
    owner: str, database: str, postgres_server: PostgresServer
) -> None:
    _schema_of(owner, postgres_server.url(database))
    ledger = Ledger.open(postgres_server.url(database, login=owner))

    with ledger._database.read(Scope.of_tenant("demo")) as connection:
        inside = connection.scalar(text("SHOW search_path"))
    with ledger._database.read_as_login() as connection:
        after = connection.scalar(text("SHOW search_path"))

    ledger.close()
    assert (inside, after) == (owner, '"$user", public')


@pytest.mark.parametrize("way", ["in the URL", "in the server"])
def test_a_login_finds_the_ledger_of_another_s_schema_once_it_is_named(
    owner: str, login: Login, database: str, postgres_server: PostgresServer, way: str
) -> None:
    own = _schema_of(owner, postgres_server.url(database))
    member = login("")
    migrate_ledger(postgres_server.url(database, login=owner), grant_to=[member])
    url = postgres_server.url(database, login=member)
    if way == "in the URL":
        url += f"?options=-csearch_path%3D{own}"
    else:
        postgres_server.execute(f"ALTER ROLE {member} IN DATABASE {database} SET search_path = {own}")

    build_one_and_reuse_it(url)

    ledger = Ledger.open(postgres_server.url(database, login=owner))
    found = ledger.tenant("demo").newest_run("summer")
    ledger.close()
    assert found is not None


def test_a_login_that_does_not_look_where_the_ledger_is_makes_no_second_one_by_opening(
    owner: str, login: Login, database: str, postgres_server: PostgresServer
) -> None:
    own = _schema_of(owner, postgres_server.url(database))
    member = login("")
    migrate_ledger(postgres_server.url(database, login=owner), grant_to=[member])
    with _as_superuser(postgres_server.url(database)) as connection:
        connection.exec_driver_sql("GRANT CREATE ON SCHEMA public TO PUBLIC")
    url = postgres_server.url(database, login=member)

    with pytest.raises(CampaignError, match="search_path leads to no ledger") as refused:
        Ledger.open(url)
    before = _tables_of(url)
    made = migrate_ledger(url)

    assert (refused.value.code, refused.value.retryable) == (ErrorCode.LEDGER_UNAVAILABLE, False)
    assert f"there is one in schema {own}; add ?options=-csearch_path%3D{own}" in str(refused.value)
    assert before == set()
    assert made == Migration(None, HEAD)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_ledger_stays_in_its_schema_when_one_comes_to_stand_before_it(
    owner: str, database: str, postgres_server: PostgresServer, revision: str
) -> None:
    url = postgres_server.url(database, login=owner)
    written = ledger_of(url, revision)
    own = _schema_of(owner, postgres_server.url(database))

    Ledger.open(url).close()

    assert rows_like(url, written) == written
    assert _tables_of(postgres_server.url(database), schema=own) == set()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (
            "DROP TABLE provider_call, provider_answer, lease, step_cache, artifact, run_step, run",
            'relation "run" does not',
        ),
        ("ALTER TABLE run RENAME COLUMN trigger TO triggered_by", "column run.trigger does not exist"),
        (f"DROP TABLE {VERSION_TABLE}", 'relation "run" does not exist'),
    ],
)
def test_a_ledger_that_lacks_something_is_told_to_be_migrated_not_to_have_its_host_checked(
    postgres_url: str, damage: str, reason: str
) -> None:
    with closing(Ledger.open(postgres_url)) as ledger:
        with _as_superuser(postgres_url) as connection:
            connection.exec_driver_sql(damage)

        with pytest.raises(CampaignError, match=reason) as refused:
            ledger.tenant("demo").newest_run("summer")

    _tells_what_to_do(refused.value)
    assert "?options=-csearch_path%3DSCHEMA" in str(refused.value)


def test_what_is_no_login_is_named(postgres_url: str) -> None:
    with pytest.raises(CampaignError, match="--grant: 'nobody; DROP' found; the name of a login") as refused:
        migrate_ledger(postgres_url, grant_to=["nobody; DROP"])

    assert refused.value.code is ErrorCode.VALIDATION_ERROR
    assert migrate_ledger(postgres_url).before is None, "refused, and yet migrated"


def test_a_login_with_an_awkward_name_is_granted_the_ledger(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    name = 'The "100 %" login'
    quoted = '"' + name.replace('"', '""') + '"'
    postgres_server.execute(f"CREATE ROLE {quoted} LOGIN")

    try:
        migrate_ledger(postgres_url, grant_to=[name])
        ledger = Ledger.open(postgres_url)
        with ledger._database.read_as_login() as connection:
            member = connection.scalar(
                text("SELECT pg_has_role(:name, :role, 'SET')"), {"name": name, "role": APP_ROLE}
            )
        ledger.close()
    finally:
        postgres_server.execute(f"DROP ROLE {quoted}")

    assert member


def _tells_what_to_do(error: CampaignError) -> None:
    assert (error.code, error.retryable) == (ErrorCode.LEDGER_UNAVAILABLE, False)
    assert "run `campaign migrate`, with --grant LOGIN for the login that builds" in str(error)
    assert "s3cret" not in str(error)


def _schema_of(login: str, url: str) -> str:
    """Make a login the schema that stands first in everybody's search_path: the one of its own name."""
    with _as_superuser(url) as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {login} AUTHORIZATION {login}")
    return login


def _tables_of(url: str, *, schema: str = "public") -> set[str]:
    with _as_superuser(url) as connection:
        return set(inspect(connection).get_table_names(schema))


@contextmanager
def _as_superuser(url: str) -> Iterator[Connection]:
    with closing(Database(LedgerAddress.parse(url))) as database, database.write_as_login() as connection:
        yield connection
