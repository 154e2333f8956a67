"""Collecting what has expired: reusable results, providers' answers, and results that nobody came for.

Belongs here: how far back a collection may reach, and deleting what lies behind that, a bounded batch a transaction.
Does not belong here: old runs and their artifacts (retaining), what refers to bytes (referring), the bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, func, or_, select, true, tuple_, union

from campaign_pipeline.storage.portable_sql import utc_now
from campaign_pipeline.storage.tables import IS_ACTIVE_RUN, LEASE, PROVIDER_ANSWER, RUN, STEP_CACHE
from campaign_pipeline.storage.walking import PAGE_ROWS, Walking

_SLACK = timedelta(seconds=2)
"""File systems and SQLite round times, down: what is this much younger counts as equally old."""


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """How far back a collection may reach; fixed when it begins, so that nothing which begins later is behind it.

    Args:
        spare: What is younger than this, be it bytes or rows, is left alone: the grace period, and where a run is
            active that began before it, everything since then. So no grace period is too short for builds that run.
        stale_before: The same as a time, by the database's clock.
        past_before: Runs that ended before this are past; None where all are kept for ever.
        tenant_id: Whose rows are looked at; None for everybody's.
    """

    spare: timedelta
    stale_before: datetime
    past_before: datetime | None
    tenant_id: str | None = None

    def of_tenant(self, table: Table) -> ColumnElement[bool]:
        """Bind a statement to the tenant that is looked at."""
        return true() if self.tenant_id is None else table.c.tenant_id == self.tenant_id


@dataclass(frozen=True, kw_only=True)
class Expired:
    """How many rows had expired, or were left behind."""

    cache_entries: int = 0
    provider_answers: int = 0
    leases: int = 0

    def __add__(self, other: "Expired") -> "Expired":
        return Expired(
            cache_entries=self.cache_entries + other.cache_entries,
            provider_answers=self.provider_answers + other.provider_answers,
            leases=self.leases + other.leases,
        )

    def __bool__(self) -> bool:
        return bool(self.cache_entries or self.provider_answers or self.leases)


class Collecting(Walking):
    """What has expired, of all tenants or of one."""

    def horizon(
        self, *, grace: timedelta, retention: timedelta | None, tenant_id: str | None = None
    ) -> Horizon:
        """Fix how far back a collection may reach that begins now.

        Args:
            grace: What is younger is left alone.
            retention: How long runs are kept that have ended; None for ever.
            tenant_id: Whose rows are looked at; None for everybody's.
        """
        with self._read() as connection:
            oldest = select(utc_now().label("now"), func.min(RUN.c.created_at).label("opened_at"))
            found = connection.execute(oldest.where(IS_ACTIVE_RUN)).mappings().one()
        now: datetime = found["now"]
        spare = max(grace, now - (found["opened_at"] or now)) + _SLACK
        past_before = None if retention is None else now - max(retention, spare)
        return Horizon(spare=spare, stale_before=now - spare, past_before=past_before, tenant_id=tenant_id)

    def tenants(self) -> list[str]:
        """Name the tenants that have any row which a collection looks at, in alphabetical order."""
        named = union(*(select(table.c.tenant_id) for table in (RUN, STEP_CACHE, PROVIDER_ANSWER, LEASE)))
        with self._read() as connection:
            return sorted(connection.scalars(named))

    def count_expired(self, horizon: Horizon) -> Expired:
        """Count what `delete_expired` would delete, all of it."""
        with self._read() as connection:
            return _expired(
                lambda table, condition: connection.scalar(
                    select(func.count()).select_from(table).where(condition)
                ),
                horizon,
            )

    def delete_expired(self, horizon: Horizon) -> Expired:
        """Delete some of what has expired, a bounded number a call; nothing is left when it deletes nothing."""
        with self._write() as connection:
            return _expired(
                lambda table, condition: (
                    connection.execute(delete(table).where(_some_of(table, condition))).rowcount
                ),
                horizon,
            )


def expired_rows(horizon: Horizon) -> Mapping[Table, ColumnElement[bool]]:
    """Say, table by table, which rows have expired or were left behind."""
    unclaimed = or_(LEASE.c.holder.is_(None), _was_before(LEASE.c.expires_at, horizon.stale_before))
    behind = {
        STEP_CACHE: _was_before(STEP_CACHE.c.expires_at, horizon.stale_before),
        PROVIDER_ANSWER: _was_before(PROVIDER_ANSWER.c.expires_at, horizon.stale_before),
        LEASE: and_(unclaimed, LEASE.c.updated_at <= horizon.stale_before),
    }
    return {table: and_(condition, horizon.of_tenant(table)) for table, condition in behind.items()}


def _was_before(column: Column[Any], moment: datetime) -> ColumnElement[bool]:
    """Compare a time that may be missing, so that the opposite of the answer holds for those that are."""
    return and_(column.is_not(None), column <= moment)


def _expired(treat: Callable[[Table, ColumnElement[bool]], Any], horizon: Horizon) -> Expired:
    treated = {table: int(treat(table, condition) or 0) for table, condition in expired_rows(horizon).items()}
    return Expired(
        cache_entries=treated[STEP_CACHE],
        provider_answers=treated[PROVIDER_ANSWER],
        leases=treated[LEASE],
    )


def _some_of(table: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Name a batch of rows by their key; on Postgres those that another transaction has in hand are passed over."""
    key = list(table.primary_key)
    batch = select(*key).where(condition).limit(PAGE_ROWS).with_for_update(skip_locked=True)
    return (tuple_(*key) if len(key) > 1 else key[0]).in_(batch)
