"""Finding runs whosever they are.

Belongs here: looking a run up where only its id is known.
Does not belong here: what a tenant does with its own runs (runs).
"""

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
