"""Leases, on both databases: one holder at a time, and never one that is gone."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, text

from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.storage import Lease, LeaseLostError, Ledger, RunStepStatus, TenantLedger
from campaign_pipeline.storage.tables import LEASE
from campaign_pipeline.storage.worker import this_host
from campaign_pipeline_tests.storage.building import artifact_of, begin, entry_for, open_run

KEY = content_hash(b"what is wanted")


def take(tenant: TenantLedger, run_id: str, key: str = KEY) -> Lease | None:
    return tenant.take_lease(key, subject="bgm", run_id=run_id)


def taken(tenant: TenantLedger, run_id: str, key: str = KEY) -> Lease:
    lease = take(tenant, run_id, key)
    assert lease is not None
    return lease


def change_lease(ledger: Ledger, **values: Any) -> None:
    """Write into the only lease what another process, or time, would have written."""
    with ledger._database._engine.begin() as connection:
        connection.execute(LEASE.update().values(**values))


def expire(ledger: Ledger) -> None:
    change_lease(ledger, expires_at=text("created_at"))


def held_elsewhere(ledger: Ledger) -> None:
    change_lease(ledger, worker_host="elsewhere", worker_pid=1)


def rows(ledger: Ledger) -> list[dict[str, Any]]:
    with ledger._database._engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(LEASE)).mappings()]


def test_of_two_runs_that_want_the_same_one_holds_it_and_is_named_to_the_other(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first, second = open_run(tenant), open_run(tenant)
    taken(tenant, first.id)

    refused = take(tenant, second.id)

    assert refused is None
    assert tenant.lease_holder(KEY) == first.id


def test_of_many_threads_that_want_the_same_at_once_one_holds_it(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    runs = [open_run(tenant) for _ in range(8)]
    barrier = Barrier(len(runs))

    def try_it(run_id: str) -> Lease | None:
        barrier.wait()
        return take(tenant, run_id)

    with ThreadPoolExecutor(len(runs)) as pool:
        leases = list(pool.map(try_it, [run.id for run in runs]))

    assert len([lease for lease in leases if lease is not None]) == 1


def test_what_was_given_back_is_free(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first, second = open_run(tenant), open_run(tenant)

    tenant.give_back(taken(tenant, first.id))

    assert tenant.lease_holder(KEY) is None
    assert take(tenant, second.id) is not None


def test_a_lease_that_expired_is_taken_over_and_its_holder_can_leave_nothing_in_it(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first, second = open_run(tenant), open_run(tenant)
    late = taken(tenant, first.id)
    held_elsewhere(ledger)
    assert take(tenant, second.id) is None
    expire(ledger)

    taken(tenant, second.id)

    with pytest.raises(LeaseLostError, match="RUN_LOST: bgm: this process was out of touch"):
        tenant.keep_result(late, {"made_by_run": first.id})
    assert rows(ledger)[0]["result"] is None


def test_the_lease_of_a_process_that_is_gone_from_this_host_is_free_at_once(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first, second = open_run(tenant), open_run(tenant)
    taken(tenant, first.id)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    change_lease(ledger, worker_host=this_host(), worker_pid=ended.pid)

    assert tenant.lease_holder(KEY) is None
    assert take(tenant, second.id) is not None


def test_a_process_takes_its_own_lease_again_for_the_same_run(ledger: Ledger) -> None:
    """A retry in the same process would otherwise wait for itself."""
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    earlier = taken(tenant, run.id)

    again = taken(tenant, run.id)

    assert again.holder != earlier.holder


def test_a_renewed_lease_is_held_past_the_time_it_would_have_been_free(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first, second = open_run(tenant), open_run(tenant)
    lease = taken(tenant, first.id)
    held_elsewhere(ledger)
    expire(ledger)

    tenant.renew_leases([lease.holder])

    assert tenant.lease_holder(KEY) == first.id
    assert take(tenant, second.id) is None


def test_a_lease_that_was_taken_over_is_not_renewed_by_who_held_it_before(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first, second = open_run(tenant), open_run(tenant)
    late = taken(tenant, first.id)
    held_elsewhere(ledger)
    expire(ledger)
    taken(tenant, second.id)
    held_elsewhere(ledger)
    expire(ledger)

    tenant.renew_leases([late.holder])

    assert tenant.lease_holder(KEY) is None


def test_a_process_that_has_just_woken_up_gets_the_time_to_renew_what_it_holds(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first, second = open_run(tenant), open_run(tenant)
    lease = taken(tenant, first.id)
    expire(ledger)

    refused = take(tenant, second.id)
    tenant.renew_leases([lease.holder])

    assert refused is None
    assert take(tenant, second.id) is None


def test_a_process_that_lives_and_renews_nothing_loses_its_lease(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first, second = open_run(tenant), open_run(tenant)
    taken(tenant, first.id)
    change_lease(ledger, expires_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert take(tenant, second.id) is not None


def test_what_was_made_when_the_run_had_been_ended_waits_for_whoever_comes_next(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first, second = open_run(tenant), open_run(tenant)
    lease = taken(tenant, first.id)
    tenant.end_lease(lease)

    with pytest.raises(LeaseLostError, match="its run was ended or another took its work over"):
        tenant.keep_result(lease, {"made_by_run": first.id})

    assert taken(tenant, second.id).result == {"made_by_run": first.id}


def test_a_result_waits_for_whoever_comes_next(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first, second = open_run(tenant), open_run(tenant)
    lease = taken(tenant, first.id)
    tenant.keep_result(lease, {"content_hash": "made"})

    tenant.give_back(lease)

    next_one = taken(tenant, second.id)
    assert next_one.result == {"content_hash": "made"}
    assert next_one.made_at is not None
    assert lease.taken_at <= next_one.made_at <= next_one.taken_at


def test_a_result_whose_bytes_are_gone_is_dropped(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    lease = taken(tenant, run.id)
    tenant.keep_result(lease, {"content_hash": "made"})

    tenant.drop_result(lease)
    tenant.give_back(lease)

    assert rows(ledger) == []


def test_publishing_ends_the_lease_in_the_same_transaction(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant, step_ids=("bgm",))
    lease = taken(tenant, run.id)
    begin(tenant, run, "bgm")

    tenant.publish(
        run.id,
        "bgm",
        artifact=artifact_of("bgm"),
        cache=entry_for(tenant, "bgm"),
        duration_ms=1,
        lease=lease,
    )

    assert rows(ledger) == []
    assert tenant.steps(run.id)[0].status is RunStepStatus.COMPLETED


def test_a_producer_that_comes_back_late_publishes_nothing(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    slow, fast = (open_run(tenant, step_ids=("bgm",)) for _ in range(2))
    late = taken(tenant, slow.id)
    begin(tenant, slow, "bgm")
    held_elsewhere(ledger)
    expire(ledger)
    lease, entry = taken(tenant, fast.id), entry_for(tenant, "bgm")
    begin(tenant, fast, "bgm")
    made = tenant.publish(
        fast.id, "bgm", artifact=artifact_of("bgm", data=b"new"), cache=entry, duration_ms=1, lease=lease
    )

    with pytest.raises(LeaseLostError):
        tenant.publish(
            slow.id, "bgm", artifact=artifact_of("bgm", data=b"old"), cache=entry, duration_ms=1, lease=late
        )

    found = tenant.cache_entry(entry.cache_key)
    assert found is not None
    assert found.artifact == made
    assert tenant.artifacts(slow.id) == []


def test_a_tenant_neither_sees_nor_takes_another_s_lease(ledger: Ledger) -> None:
    ours, theirs = ledger.tenant("demo"), ledger.tenant("acme")
    lease = taken(theirs, open_run(theirs).id)
    theirs.keep_result(lease, {"content_hash": "secret"})
    theirs.give_back(lease)

    forged = take(ours, open_run(ours).id)

    assert forged is None
    assert ours.lease_holder(KEY) is None
    assert rows(ledger)[0]["tenant_id"] == "acme"
