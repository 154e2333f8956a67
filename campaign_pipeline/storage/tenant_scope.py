"""The one place where the ledger's transactions begin, each for one tenant.

Belongs here: what every part of a tenant's ledger shares: the database, the tenant, and how run ids are spelled.
Does not belong here: any statement about a table (runs, steps, lookups).
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage.database import Database
from campaign_pipeline.storage.scopes import Scope


class TenantScope:
    """Reads and transactions of one tenant."""

    def __init__(self, database: Database, tenant_id: str) -> None:
        self._scope = Scope.of_tenant(tenant_id)
        self._database = database
        self.tenant_id = tenant_id

    def _write(self) -> AbstractContextManager[Connection]:
        return self._database.write(self._scope)

    def _read(self) -> AbstractContextManager[Connection]:
        return self._database.read(self._scope)

    def _rows(self, statement: Select[Any]) -> Sequence[RowMapping]:
        """Read all rows of one statement."""
        with self._read() as connection:
            return connection.execute(statement).mappings().all()

    def _row(self, statement: Select[Any]) -> RowMapping | None:
        """Read the only row of one statement; None where there is none."""
        with self._read() as connection:
            return connection.execute(statement).mappings().one_or_none()


def canonical_id(value: str, *, name: str) -> str:
    """Spell a UUID as the tables do.

    Raises:
        CampaignError: VALIDATION_ERROR when it is none.
    """
    try:
        return str(UUID(value))
    except ValueError:
        message = (
            f"{name}: {value[:80]!r} found; a UUID such as 123e4567-e89b-12d3-a456-426614174000 is expected"
        )
        raise CampaignError(ErrorCode.VALIDATION_ERROR, message) from None
