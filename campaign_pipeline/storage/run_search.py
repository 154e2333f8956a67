"""Finding runs whosever they are.

Belongs here: looking a run up where only its id is known, or the beginning of it.
Does not belong here: what a tenant does with its own runs (runs).
"""

from uuid import UUID

from sqlalchemy import select

from campaign_pipeline.storage.housekeeping_scope import HousekeepingScope
from campaign_pipeline.storage.records import RunRecord
from campaign_pipeline.storage.tables import RUN
from campaign_pipeline.storage.tenant_scope import canonical_id


class RunSearch(HousekeepingScope):
    """Runs of all tenants."""

    def find_run(self, run_id: str) -> RunRecord | None:
        """Find a run whosever it is.

        Raises:
            CampaignError: VALIDATION_ERROR when the id is no UUID.
        """
        wanted = canonical_id(run_id, name="run_id")
        with self._read() as connection:
            row = connection.execute(select(RUN).where(RUN.c.id == wanted)).mappings().one_or_none()
            return None if row is None else RunRecord.of(row)

    def runs_beginning_with(
        self, digits: str, *, limit: int, tenant_id: str | None = None
    ) -> list[RunRecord]:
        """Find the runs whose id begins so, the newest first.

        Args:
            digits: Hex digits, at most 32; hyphens are free.
            tenant_id: Only this tenant's; None is whosever they are.
        """
        digits = digits.replace("-", "").lower()
        # A range, which both databases find by the primary key, whether it is text or a native uuid.
        first, last = str(UUID(digits.ljust(32, "0"))), str(UUID(digits.ljust(32, "f")))
        found = (
            select(RUN).where(RUN.c.id.between(first, last)).order_by(RUN.c.created_at.desc()).limit(limit)
        )
        if tenant_id is not None:
            found = found.where(RUN.c.tenant_id == tenant_id)
        with self._read() as connection:
            return [RunRecord.of(row) for row in connection.execute(found).mappings()]
