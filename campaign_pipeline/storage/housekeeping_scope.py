"""The one place where transactions across all tenants begin.

Belongs here: what every part of housekeeping shares: the database, and the purpose for which it may see all.
Does not belong here: any statement about a table, or anything that runs on a tenant's behalf (tenant_scope).
"""

from contextlib import AbstractContextManager

from sqlalchemy import Connection

from campaign_pipeline.storage.database import Database
from campaign_pipeline.storage.scopes import Purpose, Scope


class HousekeepingScope:
    """Reads and transactions that see every tenant, for one purpose."""

    def __init__(self, database: Database, purpose: Purpose) -> None:
        self._scope = Scope.of_housekeeping(purpose)
        self._database = database

    def _write(self) -> AbstractContextManager[Connection]:
        return self._database.write(self._scope)

    def _read(self) -> AbstractContextManager[Connection]:
        return self._database.read(self._scope)
