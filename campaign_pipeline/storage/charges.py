"""What runs were charged for calls to paid providers: one row an attempt, which no later purchase replaces.

Belongs here: writing one down before it is sent, settling it, and adding up.
Does not belong here: the limit (building.budget), and the answers themselves (answers).
"""

import math

from sqlalchemy import Update, select, update

from campaign_pipeline.storage.portable_sql import checked, insert_into, utc_now
from campaign_pipeline.storage.tables import PROVIDER_CALL
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id


class ChargeLedger(TenantScope):
    """A tenant's calls to paid providers, and what they cost."""

    def charge(
        self, call_id: str, *, root_run_id: str, provider: str, model: str | None, most_usd: float | None
    ) -> None:
        """Write down that a call is about to be made; one that is written down already stays as it is.

        Args:
            call_id: Chosen by the caller, so that this may be tried again.
            root_run_id: First of the chain of re-executions that asks.
            most_usd: What it may cost, in US dollars, which counts until the call is settled; None where nobody knows.

        Raises:
            CampaignError: VALIDATION_ERROR, an id is none.
        """
        values = {
            "id": canonical_id(call_id, name="call_id"),
            "tenant_id": self.tenant_id,
            "root_run_id": canonical_id(root_run_id, name="root_run_id"),
            "provider": provider,
            "model": model,
            "cost_usd": most_usd,
        }
        with self._write() as connection:
            connection.execute(insert_into(connection, PROVIDER_CALL).values(values).on_conflict_do_nothing())

    def settle(self, call_id: str, *, cost_usd: float | None) -> None:
        """Say what a call has cost, in US dollars; None where nobody knows."""
        with self._write() as connection:
            connection.execute(settled(self.tenant_id, call_id, cost_usd=cost_usd))

    def spent_usd(self, root_run_id: str) -> float:
        """Add up what a run, with all its re-executions, was charged, in US dollars; unsettled calls in full."""
        called = PROVIDER_CALL.c
        wanted = select(called.cost_usd).where(
            called.root_run_id == canonical_id(root_run_id, name="root_run_id"),
            checked(called.tenant_id) == self.tenant_id,
            called.cost_usd.is_not(None),
        )
        with self._read() as connection:
            return math.fsum(connection.scalars(wanted))


def settled(tenant_id: str, call_id: str, *, cost_usd: float | None) -> Update:
    """Give the statement that settles a call, for a transaction that records more than that."""
    called = PROVIDER_CALL.c
    of_tenant = update(PROVIDER_CALL).where(called.id == call_id, called.tenant_id == tenant_id)
    return of_tenant.values(cost_usd=cost_usd, updated_at=utc_now())
