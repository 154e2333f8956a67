"""One database of the ledger: its engine, its transactions, and what its failures are called.

Belongs here: how SQLite and Postgres are spoken to, and connections, each in a scope, which never leave a
`with`.
Does not belong here: what is read and written (runs, steps, lookups), or the schema (schema).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    InternalError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import InterfaceError as DriverInterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage.app_role import APP_ROLE
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.portable_sql import storable_json
from campaign_pipeline.storage.scopes import Scope
from campaign_pipeline.storage.tables import VERSION_TABLE

BUSY_TIMEOUT_S = 30
"""How long SQLite waits for another writer; every transaction here is over in milliseconds."""

_CONNECT_TIMEOUT_S = 10
_MISSING = frozenset({"42P01", "42703"})
"""Postgres: no such table, no such column."""

_REFUSALS = _MISSING | {"42501", "3F000"}
"""Postgres: also no privilege, no schema to create in. The schema or the login is not the ledger's."""

_ROW_SECURITY = "ExecWithCheckOptions"
"""The function of Postgres's that refuses a row of another scope, with the same code as a right that is missing."""

_MIGRATE = (
    "as a login that may make tables and roles there, run `campaign migrate`, "
    "with --grant LOGIN for the login that builds"
)

_NAME_THE_SCHEMA = (
    "where the ledger is in a schema that is not in the login's search_path, name it in CAMPAIGN_DATABASE_URL: "
    "?options=-csearch_path%3DSCHEMA"
)

# The schema that holds the ledger is what the login finds: to the role, "$user" in a search_path is somebody else.
# OFFSET keeps the planner from looking it up after the role was taken on.
_TAKE_ON = text(
    f"""
SELECT set_config('search_path', found.ledger, true), set_config('role', '{APP_ROLE}', true),
    set_config('campaign.tenant', :tenant, true), set_config('campaign.purpose', :purpose, true)
FROM (
    SELECT coalesce(
        (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('{VERSION_TABLE}')), ''
    ) AS ledger
    OFFSET 0
) AS found
"""  # noqa: S608  of constants only
)

_SQLITE_MAY_PASS = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL}
)
_PRIMARY_CODE = 0xFF  # what an extended result code of SQLite's is a case of


class Database:
    """Transactions on one database; a failure to reach it is a CampaignError LEDGER_UNAVAILABLE."""

    def __init__(self, address: LedgerAddress) -> None:
        self.address = address
        with self.failures():
            self._engine = _engine(address)
        self._writer = _writer(self._engine)

    @contextmanager
    def write(self, scope: Scope) -> Iterator[Connection]:
        """Open a transaction in a scope; it commits when the block ends well."""
        with self.write_as_login() as connection:
            self._take_on(scope, connection)
            yield connection

    @contextmanager
    def read(self, scope: Scope) -> Iterator[Connection]:
        """Open a connection in a scope, for statements that only read."""
        with self.read_as_login() as connection:
            self._take_on(scope, connection)
            yield connection

    @contextmanager
    def write_as_login(self) -> Iterator[Connection]:
        """Open a transaction in no scope, with the login's own rights: for the schema, and for nothing in it."""
        with self.failures(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read_as_login(self) -> Iterator[Connection]:
        """Open a connection in no scope, with the login's own rights: for the schema, and for nothing in it."""
        with self.failures(), self._reading() as connection:
            yield connection

    def _reading(self) -> AbstractContextManager[Connection]:
        # On SQLite each statement sees one state, and a scope is nothing to the database: a transaction would only
        # lock. On Postgres a scope lasts as long as its transaction.
        return self._engine.connect() if self.address.path is not None else self._engine.begin()

    def _take_on(self, scope: Scope, connection: Connection) -> None:
        """Let Postgres hold the transaction to its scope; nothing of it is left on the connection, or in a pooler."""
        if self.address.path is not None:
            return
        try:
            connection.execute(_TAKE_ON, {"tenant": scope.tenant_id, "purpose": scope.purpose})
        except DataError as error:
            # The cluster has no such role: the database was restored from another one.
            raise self.unavailable(_reason(error), retryable=False, advice=_MIGRATE) from error

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Give the database's own failures their name; what only a mistake of ours can cause passes unchanged."""
        try:
            yield
        except SQLAlchemyError as error:
            if not _is_unavailability(error):
                raise
            raise self.unavailable(
                _reason(error), retryable=_may_pass(error), advice=_advice(error)
            ) from error

    def unavailable(self, reason: str, *, retryable: bool, advice: str | None = None) -> CampaignError:
        """Word the failure: which database, what it said, what to do or check; no password is in it."""
        reason = self.address.without_password(reason)
        advice = advice or self.address.advice
        message = f"the ledger {self.address.name} cannot be used: {reason}; {advice}"
        return CampaignError(ErrorCode.LEDGER_UNAVAILABLE, message, retryable=retryable)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _engine(address: LedgerAddress) -> Engine:
    if address.path is None:
        return create_engine(
            address.url,
            json_serializer=storable_json,
            pool_pre_ping=True,
            connect_args=_postgres_arguments(address),
        )
    engine = create_engine(
        address.url, json_serializer=storable_json, connect_args={"timeout": BUSY_TIMEOUT_S}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _writer(engine: Engine) -> Engine:
    """Take an engine for transactions; on SQLite one locks the file as it begins, before what it reads can be stale."""
    writer = engine.execution_options()
    if engine.dialect.name == "sqlite":
        event.listen(writer, "begin", _begin_immediately)
    return writer


def _postgres_arguments(address: LedgerAddress) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "application_name": "campaign-pipeline",
        # Statements prepared on the server do not survive a pooler such as PgBouncer.
        "prepare_threshold": None,
    }
    return {name: value for name, value in defaults.items() if name not in address.url.query}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions by itself, too late to lock what a transaction reads first.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # In WAL mode NORMAL may lose the last commits with the power, and then pay again for what they recorded.
    connection.execute("PRAGMA synchronous = FULL")


def _begin_immediately(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _is_unavailability(error: SQLAlchemyError) -> bool:
    if isinstance(error, ProgrammingError):
        return _sqlstate(error) in _REFUSALS and not _is_of_another_scope(error)
    outages = (OperationalError, DriverInterfaceError, InternalError, PoolTimeoutError)
    # "file is not a database" comes as the bare class.
    return isinstance(error, outages) or type(error) is DatabaseError


def _is_of_another_scope(error: ProgrammingError) -> bool:
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "source_function", None) == _ROW_SECURITY


def _advice(error: SQLAlchemyError) -> str | None:
    """Say what helps where it is not the database that is away, but the login that finds, or may, too little."""
    state = _sqlstate(error)
    if state in _MISSING:
        return f"{_MIGRATE}; {_NAME_THE_SCHEMA}"
    return _MIGRATE if state in _REFUSALS else None


def _sqlstate(error: SQLAlchemyError) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _may_pass(error: SQLAlchemyError) -> bool:
    """Tell an outage, which may pass, from what stays wrong until somebody acts."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    if code is not None:
        return code & _PRIMARY_CODE in _SQLITE_MAY_PASS
    return not isinstance(error, ProgrammingError)


def _reason(error: SQLAlchemyError) -> str:
    """Take the driver's first line: the rest is the statement and its parameters, which are nobody's business."""
    original = getattr(error, "orig", None) or error
    lines = str(original).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(original).__name__
