"""Ledgers of earlier revisions, with rows in them.

Belongs here: making one, taking it from revision to revision, and reading its rows through today's schema.
Does not belong here: the rows (rows).
"""

from collections.abc import Callable
from contextlib import closing
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select

from campaign_pipeline.storage.database import Database
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.migrating import migrate_ledger
from campaign_pipeline.storage.schema import HEAD, MIGRATIONS
from campaign_pipeline.storage.scopes import Scope
from campaign_pipeline.storage.tables import METADATA
from campaign_pipeline_tests.storage.rows import Rows, insert_rows, rows_of, run_plainly

TENANTS = ("demo", "acme")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


REVISIONS = sorted(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())
"""All there are: a new one is tested without anybody's doing."""


def ledger_of(url: str, revision: str) -> Rows:
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
        move(url, command.upgrade, revision)
    written: Rows = {}
    with closing(Database(LedgerAddress.parse(url))) as database, database.write_as_login() as connection:
        if path is None:
            # Row-level security holds a ledger's owner too, from the revision on that has it.
            run_plainly(connection, "SET LOCAL campaign.purpose = 'migrate'")
        for tenant_id in TENANTS:
            for name, rows in insert_rows(connection, rows_of(tenant_id)).items():
                written.setdefault(name, []).extend(rows)
    return {name: sorted(rows, key=lambda row: _key(name, row)) for name, rows in written.items()}


def move(url: str, step: Callable[[Config, str], None], revision: str) -> None:
    """Let Alembic bring a database to a revision, by upgrade or downgrade."""
    config = _config()
    with closing(Database(LedgerAddress.parse(url))) as database, database.write_as_login() as connection:
        config.attributes["connection"] = connection
        step(config, revision)


def rows_like(url: str, wanted: Rows) -> Rows:
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
