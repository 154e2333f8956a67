"""Leases: of all who want to produce the same thing, one does.

Belongs here: taking, renewing and giving back a lease, and the result that waits in it until it is published.
Does not belong here: waiting for one (building.claims), publishing (publishing), releasing a lost run's (reconciling).
"""

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, null, or_, select, update

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import ContentHash, JsonObject
from campaign_pipeline.storage.hashing import require_hash
from campaign_pipeline.storage.portable_sql import insert_into, utc_in, utc_now
from campaign_pipeline.storage.tables import LEASE
from campaign_pipeline.storage.tenant_scope import TenantScope, canonical_id
from campaign_pipeline.storage.worker import Worker, this_worker

LEASE_S = 60
"""How long a lease holds without a sign of life; its holder renews it every few seconds (building.heartbeat)."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to produce what a key stands for, until it expires or is given back.

    Args:
        holder: Fencing token: whoever takes the lease over gets another, and this one opens nothing any more.
        result: What an earlier holder produced and could not publish; None where nothing waits.
    """

    key: ContentHash
    subject: str
    holder: str
    result: JsonObject | None = None


class LeaseLostError(CampaignError):
    """A process was out of touch for longer than its lease, and another took its work over."""

    def __init__(self, lease: Lease) -> None:
        message = (
            f"{lease.subject}: another process took this work over while this one was out of touch; "
            "trying again takes what that one makes"
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
            lease = self._take(connection, key, subject=subject, run_id=run_id, from_holder=None)
            if lease is not None:
                return lease
            stale = self._stale_holder(connection, key, run_id=run_id)
            if stale is None:
                return None
            return self._take(connection, key, subject=subject, run_id=run_id, from_holder=stale)

    def lease_holder(self, key: ContentHash) -> str | None:
        """Tell for which run a lease is held; None where it can be taken now."""
        held = select(LEASE).where(
            LEASE.c.lease_key == key,
            LEASE.c.tenant_id == self.tenant_id,
            LEASE.c.holder.is_not(None),
            LEASE.c.expires_at > utc_now(),
        )
        row = self._row(held)
        if row is None or _worker_of(row).is_gone:
            return None
        run_id: str = row["run_id"]
        return run_id

    def keep_result(self, lease: Lease, result: JsonObject) -> None:
        """Leave in a lease what was produced under it: from here on nobody need produce it again.

        Raises:
            LeaseLostError: Another holds it by now.
        """
        keep = update(LEASE).where(*self._held(lease)).values(result=result, updated_at=utc_now())
        with self._write() as connection:
            if connection.execute(keep).rowcount != 1:
                raise LeaseLostError(lease)

    def renew_leases(self, run_id: str) -> None:
        """Hold on to every lease that this process holds for a run."""
        worker = this_worker()
        mine = (
            LEASE.c.run_id == run_id,
            LEASE.c.tenant_id == self.tenant_id,
            LEASE.c.holder.is_not(None),
            LEASE.c.worker_host == worker.host,
            LEASE.c.worker_pid == worker.pid,
        )
        with self._write() as connection:
            connection.execute(update(LEASE).where(*mine).values(expires_at=utc_in(LEASE_S)))

    def give_back(self, lease: Lease) -> None:
        """Free a lease; a result that was left in it stays. One that another holds by now stays theirs."""
        with self._write() as connection:
            empty = delete(LEASE).where(*self._held(lease), LEASE.c.result.is_(None))
            if connection.execute(empty).rowcount == 0:
                free = update(LEASE).where(*self._held(lease)).values(holder=None, expires_at=None)
                connection.execute(free)

    def drop_result(self, lease: Lease) -> None:
        """Forget what an earlier holder left: its bytes no longer hold.

        Raises:
            LeaseLostError: Another holds it by now.
        """
        with self._write() as connection:
            drop = update(LEASE).where(*self._held(lease)).values(result=null())
            if connection.execute(drop).rowcount != 1:
                raise LeaseLostError(lease)

    def _take(
        self, connection: Connection, key: ContentHash, *, subject: str, run_id: str, from_holder: str | None
    ) -> Lease | None:
        """Make the row or take it over, in one statement: of two who try, the second sees what the first did."""
        worker = this_worker()
        holder = str(uuid4())
        mine = {
            "subject": subject,
            "run_id": run_id,
            "holder": holder,
            "worker_host": worker.host,
            "worker_pid": worker.pid,
            "worker_start_ticks": worker.start_ticks,
            "expires_at": utc_in(LEASE_S),
        }
        free: ColumnElement[bool] = or_(LEASE.c.holder.is_(None), LEASE.c.expires_at <= utc_now())
        if from_holder is not None:
            free = LEASE.c.holder == from_holder
        take = (
            insert_into(connection, LEASE)
            .values(lease_key=key, tenant_id=self.tenant_id, **mine)
            .on_conflict_do_update(
                index_elements=[LEASE.c.lease_key],
                set_={**mine, "updated_at": utc_now()},
                where=and_(LEASE.c.tenant_id == self.tenant_id, free),
            )
            .returning(LEASE.c.result)
        )
        row = connection.execute(take).mappings().one_or_none()
        return None if row is None else Lease(key=key, subject=subject, holder=holder, result=row["result"])

    def _stale_holder(self, connection: Connection, key: ContentHash, *, run_id: str) -> str | None:
        """Find the holder that is gone, or is an earlier attempt of this process at the same run."""
        held = select(LEASE).where(LEASE.c.lease_key == key, LEASE.c.tenant_id == self.tenant_id)
        row = connection.execute(held).mappings().one_or_none()
        if row is None:
            return None
        worker = _worker_of(row)
        mine = row["run_id"] == run_id and (worker.host, worker.pid) == _here()
        holder: str | None = row["holder"] if mine or worker.is_gone else None
        return holder

    def _held(self, lease: Lease) -> tuple[ColumnElement[bool], ...]:
        return held_by(lease, tenant_id=self.tenant_id)


def held_by(lease: Lease, *, tenant_id: str) -> tuple[ColumnElement[bool], ...]:
    """Condition a statement on a lease that is still its holder's."""
    return (
        LEASE.c.lease_key == lease.key,
        LEASE.c.holder == lease.holder,
        LEASE.c.tenant_id == tenant_id,
    )


def _here() -> tuple[str, int]:
    worker = this_worker()
    return worker.host, worker.pid


def _worker_of(row: RowMapping) -> Worker:
    return Worker(host=row["worker_host"], pid=row["worker_pid"], start_ticks=row["worker_start_ticks"])
