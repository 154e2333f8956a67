"""The ledger's schema is there and is this version's, before anything reads or writes.

Belongs here: the cheap check of every opening, and the first opening by many processes at once.
Does not belong here: the migrations themselves (migrations), or tables (tables).
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from campaign_pipeline.storage.app_role import ensure_app_role
from campaign_pipeline.storage.database import BUSY_TIMEOUT_S, Database
from campaign_pipeline.storage.file_lock import alone
from campaign_pipeline.storage.tables import VERSION_TABLE

HEAD = "0004"
"""The newest migration's revision, written down so that an opening need not import Alembic (2 s)."""

MIGRATIONS = Path(__file__).parent / "migrations"

_UNDEFINED_TABLE = "42P01"
_ADVISORY_LOCK = 7_231_840_046  # any number, as long as nothing else in the database takes it
_LOCK_AND_SEE_ALL = text(
    # Row-level security holds the tables' owner too: a revision that changes rows would otherwise find none.
    f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK}), set_config('campaign.purpose', 'migrate', true)"
)
# A schema that came into the search_path before the ledger's must not get a revision's new tables.
_STAY_IN_THE_LEDGERS_SCHEMA = text(
    "SELECT set_config('search_path', relnamespace::regnamespace::text, true) "
    "FROM pg_class WHERE oid = to_regclass(:version_table)"
)
_LEDGERS_ELSEWHERE = text(
    "SELECT relnamespace::regnamespace::text FROM pg_class "
    "WHERE relname = :version_table AND relkind = 'r' AND to_regclass(:version_table) IS NULL ORDER BY 1"
)
_MIGRATION_TIMEOUT_S = 120.0
_READ_REVISION = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608  a constant

# Alembic keeps the migration that runs in module globals.
_one_migration_a_process = threading.Lock()


@dataclass(frozen=True)
class Migration:
    """From which revision a schema came to which; before the first there was none."""

    before: str | None
    after: str


def ensure_schema(database: Database) -> None:
    """Bring the database to this version's schema; one statement where it is there already.

    Raises:
        CampaignError: LEDGER_UNAVAILABLE when it cannot be reached, made or migrated, or is of a newer version.
    """
    _make_folder(database)
    if not _stands_at_head(database):
        _refuse_to_make_a_second_one(database)
        migrate(database)


def migrate(database: Database) -> Migration:
    """Bring the database to this version's schema, and on Postgres its role into being; what is right stays.

    Raises:
        CampaignError: LEDGER_UNAVAILABLE when it cannot be reached, made or migrated, or is of a newer version.
    """
    _make_folder(database)
    with _one_migration_a_process, _sole_migrator(database):
        if database.address.path is not None:
            _keep_a_write_ahead_log(database, database.address.path)
        with database.write_as_login() as connection:
            if connection.dialect.name != "postgresql":
                return _migrate(database, connection)
            connection.execute(_LOCK_AND_SEE_ALL)
            connection.execute(_STAY_IN_THE_LEDGERS_SCHEMA, {"version_table": VERSION_TABLE})
            migration = _migrate(database, connection)
            ensure_app_role(connection, version_table=VERSION_TABLE)
            return migration


def is_made(database: Database) -> bool:
    """Tell whether a schema is there, of whatever version; where none is, nothing is made.

    Raises:
        CampaignError: LEDGER_UNAVAILABLE when the database cannot be reached.
    """
    path = database.address.path
    if path is not None and not path.is_file():
        return False
    with database.read_as_login() as connection:
        return inspect(connection).has_table(VERSION_TABLE)


def _make_folder(database: Database) -> None:
    path = database.address.path
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise database.unavailable(f"{path.parent}: {error.strerror}", retryable=False) from error


def _stands_at_head(database: Database) -> bool:
    with database.read_as_login() as connection:
        try:
            found = _read_revision(connection)
        except (OperationalError, ProgrammingError) as error:
            if not _says_that_the_table_is_missing(error):
                raise
            return False
    return found == HEAD


def _refuse_to_make_a_second_one(database: Database) -> None:
    """Make no ledger beside one that this login does not see: its results would be paid for again, in silence."""
    if database.address.path is not None:
        return
    with database.read_as_login() as connection:
        elsewhere = connection.scalars(_LEDGERS_ELSEWHERE, {"version_table": VERSION_TABLE}).all()
    if not elsewhere:
        return
    reason = f"the login's search_path leads to no ledger, and there is one in schema {', '.join(elsewhere)}"
    advice = (
        f"add ?options=-csearch_path%3D{elsewhere[0]} to CAMPAIGN_DATABASE_URL, and have the ledger's owner run "
        "`campaign migrate --grant LOGIN`; for a second ledger in this database, run `campaign migrate` as this login"
    )
    raise database.unavailable(reason, retryable=False, advice=advice)


def _says_that_the_table_is_missing(error: OperationalError | ProgrammingError) -> bool:
    on_postgres = getattr(error.orig, "sqlstate", None) == _UNDEFINED_TABLE
    return on_postgres or f"no such table: {VERSION_TABLE}" in str(error.orig)


def _migrate(database: Database, connection: Connection) -> Migration:
    found = _revision(connection)
    if found == HEAD:
        return Migration(found, HEAD)

    from alembic import command  # noqa: PLC0415  2 s, and only a ledger that is new or old pays them
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        reason = (
            f"its schema has revision {found}, and this version of campaign-pipeline knows {HEAD} at most"
        )
        raise database.unavailable(reason, retryable=False)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return Migration(found, HEAD)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return _read_revision(connection)


def _read_revision(connection: Connection) -> str | None:
    found: str | None = connection.exec_driver_sql(_READ_REVISION).scalar()
    return found


@contextmanager
def _sole_migrator(database: Database) -> Iterator[None]:
    """Keep other processes from migrating the same file; on Postgres an advisory lock does, inside the transaction.

    The ledger's own lock would not do, for the change to a write-ahead log happens outside transactions.
    """
    path = database.address.path
    if path is None:
        yield
        return
    try:
        with alone(Path(f"{path}.lock"), timeout_s=_MIGRATION_TIMEOUT_S):
            yield
    except sqlite3.Error as error:
        raise database.unavailable(f"{path}.lock: {error}", retryable=True) from error


def _keep_a_write_ahead_log(database: Database, path: Path) -> None:
    """Let readers and a writer work side by side, from now on: the file remembers it.

    Where the file system has no shared memory, the ledger works with its ordinary journal.
    """
    give_up_at = time.monotonic() + BUSY_TIMEOUT_S
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
            while True:
                try:
                    connection.execute("PRAGMA journal_mode = WAL")
                except sqlite3.OperationalError as error:
                    # SQLite does not wait here for a reader that opens the file at this very moment.
                    if "locked" not in str(error) or time.monotonic() > give_up_at:
                        raise
                    time.sleep(0.02)
                else:
                    return
    except sqlite3.Error as error:
        reason = f"{error}" if "unable to open" not in str(error) else f"{path.parent} cannot be written"
        raise database.unavailable(reason, retryable=False) from error
