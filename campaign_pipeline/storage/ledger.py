"""The ledger: the tables' only door.

Belongs here: opening a ledger, and the two scopes in which it is used: one tenant, or housekeeping.
Does not belong here: what is done in a scope (runs, steps, publishing, lookups), or bytes (artifact_store).
"""

from typing import TYPE_CHECKING, Literal

from campaign_pipeline.storage.answers import AnswerLedger
from campaign_pipeline.storage.charges import ChargeLedger
from campaign_pipeline.storage.database import Database
from campaign_pipeline.storage.leases import LeaseLedger
from campaign_pipeline.storage.ledger_address import LedgerAddress
from campaign_pipeline.storage.life import LifeLedger
from campaign_pipeline.storage.lookups import Lookups
from campaign_pipeline.storage.publishing import PublishingLedger
from campaign_pipeline.storage.reconciling import Reconciling
from campaign_pipeline.storage.run_search import RunSearch
from campaign_pipeline.storage.runs import RunLedger
from campaign_pipeline.storage.schema import ensure_schema, is_made
from campaign_pipeline.storage.scopes import Purpose
from campaign_pipeline.storage.steps import StepLedger

if TYPE_CHECKING:
    from campaign_pipeline.storage.cleaning import Cleaning


class TenantLedger(
    RunLedger,
    LifeLedger,
    StepLedger,
    LeaseLedger,
    AnswerLedger,
    ChargeLedger,
    PublishingLedger,
    Lookups,
):
    """The ledger as one tenant sees it: every read and every write is bound to that tenant.

    Each call is one short transaction, and may be made again: by a retry, or by two workers at once.
    """


class Housekeeping(RunSearch, Reconciling):
    """The ledger across all tenants, for those who keep house: never for what runs on a tenant's behalf."""


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

    @classmethod
    def open_made(cls, url: str) -> "Ledger | None":
        """Open a ledger that was made before, and give none where there is none: for whoever only reads.

        One of an earlier version is brought to this one, as by every opening: its rows stay what they are.

        Raises:
            CampaignError: VALIDATION_ERROR when the URL names no ledger; LEDGER_UNAVAILABLE when it cannot be reached.
        """
        database = Database(LedgerAddress.parse(url))
        try:
            there = is_made(database)
            if there:
                ensure_schema(database)
        except BaseException:
            database.close()
            raise
        if there:
            return cls(database)
        database.close()
        return None

    def tenant(self, tenant_id: str) -> TenantLedger:
        """Give the ledger of one tenant."""
        return TenantLedger(self._database, tenant_id)

    def housekeeping(self, purpose: Purpose) -> Housekeeping:
        """Give the scope that sees all tenants, for a purpose that has a name."""
        return Housekeeping(self._database, purpose)

    def cleaning(self, purpose: Literal["gc", "verify"]) -> "Cleaning":
        """Give the scope that sees all tenants and walks whole tables."""
        from campaign_pipeline.storage.cleaning import Cleaning  # noqa: PLC0415  no build needs it

        return Cleaning(self._database, purpose)

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()
