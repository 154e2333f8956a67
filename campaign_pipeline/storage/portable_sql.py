"""SQL that SQLite and Postgres spell differently.

Belongs here: the clock of the database and its times, the first of an array, which index not to take, inserts
that may find a row.
Does not belong here: ids and JSON in columns (columns), and what is asked of the tables (runs, steps, lookups).
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Table, Text, TypeDecorator
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


class UtcTimestamp(TypeDecorator[datetime]):
    """An aware UTC time: `timestamptz` on Postgres, ISO 8601 text on SQLite.

    The text has one width (`2026-02-03T10:11:12.123456Z`), so that its order is the order of time.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        native: TypeEngine[Any] = postgresql.TIMESTAMP(timezone=True)
        return dialect.type_descriptor(native if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write a time.

        Raises:
            ValueError: The time is naive: nobody could tell what instant it means.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        if dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  the port's
        """Read a time, in UTC whatever the session's time zone is."""
        if value is None:
            return None
        moment: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


class utc_now(FunctionElement[datetime]):  # noqa: N801  reads as the SQL function that it is
    """The database's clock, now: not the transaction's beginning, which may lie before a wait for a lock."""

    type = UtcTimestamp()
    inherit_cache = True


class utc_in(FunctionElement[datetime]):  # noqa: N801  reads as the SQL function that it is
    """A time to come, by the database's clock.

    Args:
        seconds: From now; whole.
    """

    type = UtcTimestamp()
    inherit_cache = False

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = int(seconds)


class first_of(FunctionElement[str]):  # noqa: N801  reads as the SQL function that it is
    """The first id of a column of ids; null where there is none."""

    type = Text()
    inherit_cache = True

    def __init__(self, column: ColumnElement[list[str]]) -> None:
        super().__init__(column)


class checked(FunctionElement[str]):  # noqa: N801  reads as the SQL function that it is
    """A text column by which rows are checked but not looked up, however well an index would do for that.

    Of two indexes whose first column is given, SQLite may take the one that leads to all of a tenant's rows. Postgres
    counts them first.
    """

    type = Text()
    inherit_cache = True

    def __init__(self, column: ColumnElement[str]) -> None:
        super().__init__(column)


@compiles(checked, "postgresql")
def _postgres_checked(element: checked, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(checked, "sqlite")
def _sqlite_checked(element: checked, compiler: SQLCompiler, **kw: Any) -> str:
    return f"+{compiler.process(element.clauses, **kw)}"


@compiles(utc_now, "postgresql")
def _postgres_now(_element: utc_now, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "clock_timestamp()"


@compiles(utc_now, "sqlite")
def _sqlite_now(_element: utc_now, _compiler: SQLCompiler, **_kw: Any) -> str:
    # SQLite counts milliseconds; the zeros keep the text as wide as every other time.
    return "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"


@compiles(utc_in, "postgresql")
def _postgres_in(element: utc_in, _compiler: SQLCompiler, **_kw: Any) -> str:
    return f"clock_timestamp() + make_interval(secs => {element.seconds})"


@compiles(utc_in, "sqlite")
def _sqlite_in(element: utc_in, _compiler: SQLCompiler, **_kw: Any) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+{element.seconds} seconds')"


@compiles(first_of, "postgresql")
def _postgres_first(element: first_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)})[1]"


@compiles(first_of, "sqlite")
def _sqlite_first(element: first_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **kw)}, '$[0]')"


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Begin an insert that can say what happens when the row is there already."""
    on_postgres = connection.dialect.name == "postgresql"
    return postgresql.insert(table) if on_postgres else sqlite.insert(table)


def storable_text(text: str) -> str:
    """Replace what Postgres keeps in no text: NUL, and half a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def storable_json(value: Any) -> str:
    """Serialise a value for a JSON column.

    Raises:
        ValueError: The value holds NaN or an infinity, which are no JSON.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return storable_text(_ESCAPED_NUL.sub(r"\1\\ufffd", text))
