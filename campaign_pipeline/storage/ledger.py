"""The ledger: the tables' only door.

Belongs here: opening a ledger, and the two scopes in which it is used: one tenant, or housekeeping.
Does not belong here: what is done in a scope (runs, steps, publishing, lookups), or bytes (artifact_store).
"""

from sqlalchemy import select

from campaign_pipeline.storage.database import Database
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.lookups import Lookups
from campaign_pipeline.storage.publishing import PublishingLedger
from campaign_pipeline.storage.records import RunRecord
from campaign_pipeline.storage.runs import RunLedger
from campaign_pipeline.storage.schema import ensure_schema
from campaign_pipeline.storage.steps import StepLedger
from campaign_pipeline.storage.tables import RUN
from campaign_pipeline.storage.tenant_scope import canonical_id


class TenantLedger(RunLedger, StepLedger, PublishingLedger, Lookups):
    """The ledger as one tenant sees it: every read and every write is bound to that tenant.

    Each call is one short transaction, and may be made again: by a retry, or by two workers at once.
    """


class Housekeeping:
    """The ledger across all tenants, for those who keep house: never for what runs on a tenant's behalf."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_run(self, run_id: str) -> RunRecord | None:
        """Find a run whosever it is.

        Raises:
            CampaignError: VALIDATION_ERROR when the id is no UUID.
        """
        wanted = canonical_id(run_id, name="run_id")
        with self._database.read() as connection:
            row = connection.execute(select(RUN).where(RUN.c.id == wanted)).mappings().one_or_none()
            return None if row is None else RunRecord.of(row)


class Ledger:
    """Runs, steps, artifacts and reusable results, in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str) -> "Ledger":
        """Open a ledger, and make or migrate its tables where that is due.

        Args:
            url: `sqlite:///path`, whose folder is made; or `postgresql://…`.

        Raises:
            CampaignError: VALIDATION_ERROR when the URL names no ledger; LEDGER_UNAVAILABLE when it cannot be reached.
        """
        database = Database(LedgerAddress.parse(url))
        try:
            ensure_schema(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def tenant(self, tenant_id: str) -> TenantLedger:
        """Give the ledger of one tenant."""
        return TenantLedger(self._database, tenant_id)

    def housekeeping(self) -> Housekeeping:
        """Give the scope that sees all tenants."""
        return Housekeeping(self._database)

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()
