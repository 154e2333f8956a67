"""A ledger that is not there yet, for whoever only reads.

Belongs here: answering every look-up with nothing, without making a database for it.
Does not belong here: anything that writes.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Select

from campaign_pipeline.storage.ledger import TenantLedger


class EmptyLedger(TenantLedger):
    """A tenant's ledger before there is a database: nothing is found in it, and nothing can be written."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id

    def _rows(self, statement: Select[Any]) -> Sequence[RowMapping]:
        del statement
        return ()

    def _row(self, statement: Select[Any]) -> RowMapping | None:
        del statement
        return None
