"""Reading whole tables without holding anything: no lock, no transaction, no more than a page in memory.

Belongs here: the one way in which housekeeping walks tables that may hold millions of rows.
Does not belong here: what is looked for (collecting, retaining, referring, auditing).
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, RowMapping, Select, literal, tuple_

from campaign_pipeline.storage.housekeeping_scope import HousekeepingScope

PAGE_ROWS = 500
"""Rows a statement: enough that the statement's own cost is nothing beside them, few enough to hold."""


class Walking(HousekeepingScope):
    """Walks through tables, page by page."""

    def _walk(self, statement: Select[Any], *key: Column[Any], rows: int = PAGE_ROWS) -> Iterator[RowMapping]:
        """Read a statement's rows in the order of a unique key; a page is one state of the tables, the whole is not.

        Args:
            key: Columns that are unique together; the statement reads them.
        """
        after: RowMapping | None = None
        while True:
            page = statement if after is None else statement.where(_beyond(key, after))
            with self._read() as connection:
                found = connection.execute(page.order_by(*key).limit(rows)).mappings().all()
            yield from found
            if len(found) < rows:
                return
            after = found[-1]


def _beyond(key: tuple[Column[Any], ...], after: RowMapping) -> ColumnElement[bool]:
    seen = [literal(after[column], column.type) for column in key]
    beyond: ColumnElement[bool] = tuple_(*key) > tuple_(*seen) if len(key) > 1 else key[0] > seen[0]
    return beyond
