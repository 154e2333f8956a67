"""The one place where transactions across all tenants begin.

Belongs here: what every part of housekeeping shares: the database, and the purpose for which it may see all.
Does not belong here: any statement about a table, or anything that runs on a tenant's behalf (tenant_scope).
"""

from contextlib import AbstractContextManager

from sqlalchemy import Connection

from campaign_pipeline.storage.database import Database


class HousekeepingScope:
    """Reads and transactions that see every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _write(self) -> AbstractContextManager[Connection]:
        return self._database.write()

    def _read(self) -> AbstractContextManager[Connection]:
        return self._database.read()
