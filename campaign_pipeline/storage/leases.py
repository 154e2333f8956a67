"""Leases: of all who want to produce the same thing, one does.

Belongs here: taking, renewing and giving back a lease, and the result that waits in it until it is published.
Does not belong here: waiting for one (building.claims), publishing (publishing), releasing a lost run's (reconciling).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, delete, null, select, update

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.storage.hashing import require_hash
from campaign_pipeline.storage.portable_sql import insert_into, utc_in, utc_now
from campaign_pipeline.storage.tables import LEASE
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id
from campaign_pipeline.storage.worker import Worker, this_worker

LEASE_S = 60
"""How long a lease holds without a sign of life; its holder renews it every few seconds (building.heartbeat)."""

AWAKENING_S = 20
"""How long an expired lease is still left to a process that is seen to live on this host: two heartbeats."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to produce what a key stands for, until it expires or is given back.

    Args:
        holder: Fencing token: whoever takes the lease over gets another, and this one opens nothing any more.
        taken_at: By the database's clock.
        result: What an earlier holder produced and could not publish; None where nothing waits.
        made_at: When that was produced, by the database's clock.
    """

    key: ContentHash
    subject: str
    holder: str
    taken_at: datetime
    result: JsonObject | None = None
    made_at: datetime | None = None


class LeaseLostError(CampaignError):
    """A process was out of touch for longer than its lease; its run was ended, or another took its work over."""

    def __init__(self, lease: Lease) -> None:
        message = (
            f"{lease.subject}: this process was out of touch for longer than its lease, and its run was ended or "
            "another took its work over; trying again finds what is there"
        )
        super().__init__(ErrorCode.RUN_LOST, message, retryable=True)


class LeaseLedger(TenantScope):
    """A tenant's leases."""

    def take_lease(self, key: ContentHash, *, subject: str, run_id: str) -> Lease | None:
        """Take a lease that is free, that expired, whose holder is gone, or that this process holds for this run.

        Args:
            subject: What the key stands for, in words.

        Returns:
            None while somebody else holds it.

        Raises:
            CampaignError: INVALID_HASH; VALIDATION_ERROR when the run's id is no UUID.
        """
        require_hash(key, name="lease_key")
        run_id = canonical_id(run_id, name="run_id")
        with self._write() as connection:
            lease = self._take(connection, key, subject=subject, run_id=run_id, holder=None)
            if lease is not None:
                return lease
            row = connection.execute(self._row_of(key)).mappings().one_or_none()
            if row is None or not (_is_over(row) or _is_this_process_at(run_id, row)):
                return None
            return self._take(connection, key, subject=subject, run_id=run_id, holder=row["holder"])

    def lease_holder(self, key: ContentHash) -> str | None:
        """Tell for which run a lease is held; None where it can be taken now."""
        row = self._row(self._row_of(key))
        if row is None or row["holder"] is None or _is_over(row):
            return None
        run_id: str = row["run_id"]
        return run_id

    def keep_result(self, lease: Lease, result: JsonObject) -> None:
        """Leave in a lease what was produced under it: from here on nobody need produce it again.

        Raises:
            LeaseLostError: It is its holder's no more. Where nobody else has taken it, the result waits in it all the
                same, for whoever comes next.
        """
        kept = {"result": result, "updated_at": utc_now()}
        with self._write() as connection:
            if connection.execute(update(LEASE).where(*self._held(lease)).values(kept)).rowcount == 1:
                return
            run_id = result["made_by_run"]
            leave = insert_into(connection, LEASE).values(
                lease_key=lease.key, tenant_id=self.tenant_id, subject=lease.subject, run_id=run_id, **kept
            )
            free = and_(
                LEASE.c.tenant_id == self.tenant_id, LEASE.c.holder.is_(None), LEASE.c.result.is_(None)
            )
            connection.execute(
                leave.on_conflict_do_update(index_elements=[LEASE.c.lease_key], set_=kept, where=free)
            )
        raise LeaseLostError(lease)

    def renew_leases(self, holders: Sequence[str]) -> None:
        """Hold on to leases that are still their holders'.

        Args:
            holders: Fencing tokens.
        """
        mine = update(LEASE).where(LEASE.c.tenant_id == self.tenant_id, LEASE.c.holder.in_(holders))
        with self._write() as connection:
            connection.execute(mine.values(expires_at=utc_in(LEASE_S)))

    def give_back(self, lease: Lease) -> None:
        """Free a lease; a result that was left in it stays. One that another holds by now stays theirs."""
        with self._write() as connection:
            empty = delete(LEASE).where(*self._held(lease), LEASE.c.result.is_(None))
            if connection.execute(empty).rowcount == 0:
                free = update(LEASE).where(*self._held(lease)).values(holder=None, expires_at=None)
                connection.execute(free)

    def end_lease(self, lease: Lease) -> None:
        """Free a lease, and forget what waits in it. One that another holds by now stays theirs."""
        with self._write() as connection:
            connection.execute(delete(LEASE).where(*self._held(lease)))

    def drop_result(self, lease: Lease) -> None:
        """Forget what an earlier holder left: it may not be used.

        Raises:
            LeaseLostError: Another holds it by now.
        """
        with self._write() as connection:
            drop = update(LEASE).where(*self._held(lease)).values(result=null())
            if connection.execute(drop).rowcount != 1:
                raise LeaseLostError(lease)

    def _take(
        self, connection: Connection, key: ContentHash, *, subject: str, run_id: str, holder: str | None
    ) -> Lease | None:
        """Make the row or take it from a holder (None: from nobody), in one statement: of two who try, one does."""
        worker, token = this_worker(), str(uuid4())
        mine = {
            "subject": subject,
            "run_id": run_id,
            "holder": token,
            "worker_host": worker.host,
            "worker_pid": worker.pid,
            "worker_start_ticks": worker.start_ticks,
            "expires_at": utc_in(LEASE_S),
        }
        theirs = LEASE.c.holder.is_(None) if holder is None else LEASE.c.holder == holder
        # updated_at stays: it tells when the result that may wait there was left.
        take = (
            insert_into(connection, LEASE)
            .values(lease_key=key, tenant_id=self.tenant_id, **mine)
            .on_conflict_do_update(
                index_elements=[LEASE.c.lease_key],
                set_=mine,
                where=and_(LEASE.c.tenant_id == self.tenant_id, theirs),
            )
            .returning(LEASE.c.result, LEASE.c.updated_at, utc_now().label("now"))
        )
        row = connection.execute(take).mappings().one_or_none()
        if row is None:
            return None
        result = row["result"]
        return Lease(
            key=key,
            subject=subject,
            holder=token,
            taken_at=row["now"],
            result=result,
            made_at=None if result is None else row["updated_at"],
        )

    def _row_of(self, key: ContentHash) -> Select[Any]:
        return select(LEASE, utc_now().label("now")).where(
            LEASE.c.lease_key == key, LEASE.c.tenant_id == self.tenant_id
        )

    def _held(self, lease: Lease) -> tuple[ColumnElement[bool], ...]:
        return held_by(lease, tenant_id=self.tenant_id)


def held_by(lease: Lease, *, tenant_id: str) -> tuple[ColumnElement[bool], ...]:
    """Condition a statement on a lease that is still its holder's."""
    return (
        LEASE.c.lease_key == lease.key,
        LEASE.c.holder == lease.holder,
        LEASE.c.tenant_id == tenant_id,
    )


def _is_over(row: RowMapping) -> bool:
    """Tell whether a held lease may be taken over."""
    worker = _worker_of(row)
    if worker.is_gone:
        return True
    # A process that is seen to live may just have woken up: it gets the time to renew what it holds.
    patience = timedelta(seconds=AWAKENING_S if worker.is_alive else 0)
    over: bool = row["expires_at"] is None or row["expires_at"] + patience <= row["now"]
    return over


def _is_this_process_at(run_id: str, row: RowMapping) -> bool:
    """Tell whether an earlier attempt of this process at the same run holds a lease: a retry would wait for itself."""
    here, worker = this_worker(), _worker_of(row)
    return row["run_id"] == run_id and (worker.host, worker.pid, worker.start_ticks) == (
        here.host,
        here.pid,
        here.start_ticks,
    )


def _worker_of(row: RowMapping) -> Worker:
    return Worker(host=row["worker_host"], pid=row["worker_pid"], start_ticks=row["worker_start_ticks"])
