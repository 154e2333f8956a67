"""Runs that are ended from outside, on both databases: once, under their lock, with their steps and their leases."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, event, func, select, update

from campaign_pipeline.errors import ErrorCode
from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.storage import Ending, Ledger, RunEndedError, RunRecord, RunStatus
from campaign_pipeline.storage.reconciling import ActiveRun
from campaign_pipeline.storage.tables import LEASE, RUN, RUN_STEP
from campaign_pipeline.storage.worker import Worker, this_worker
from campaign_pipeline_tests.storage.building import (
    ALL_STEPS,
    artifact_of,
    begin,
    hash_of,
    open_run,
    produce,
    reuse,
)

LOST = Ending(status=RunStatus.FAILED, error="RUN_LOST: its process is gone")
CANCELLED = Ending(status=RunStatus.CANCELLED, error="CANCELLED: somebody cancelled it")


def end(ledger: Ledger, run: RunRecord, ending: Ending) -> RunRecord | None:
    return ledger.housekeeping("reconcile").end_run(run, judge=lambda _: ending)


def active(ledger: Ledger, *, limit: int = 100) -> list[ActiveRun]:
    return ledger.housekeeping("reconcile").active_runs(limit=limit)


def steps_of(ledger: Ledger, run: RunRecord) -> Mapping[str, tuple[str, str | None]]:
    steps = ledger.tenant(run.tenant_id).steps(run.id)
    return {step.step_id: (step.status.value, step.error) for step in steps}


def see_last(ledger: Ledger, run: RunRecord, *, ago: timedelta) -> None:
    """Write of a run that it was last heard of some time ago, by the database's clock."""
    [now] = [found.now for found in active(ledger) if found.run.id == run.id]
    with ledger._database._engine.begin() as connection:
        connection.execute(update(RUN).where(RUN.c.id == run.id).values(heartbeat_at=now - ago))


def test_a_lost_run_fails_and_its_steps_say_why(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    produce(tenant, run, "game_config")
    begin(tenant, run, "bgm")

    ended = end(ledger, run, LOST)

    assert ended is not None
    assert ended == tenant.run(run.id)
    assert (ended.status, ended.error) == (RunStatus.FAILED, LOST.error)
    assert ended.completed_at is not None
    assert steps_of(ledger, run) == {
        "game_config": ("completed", None),
        "bgm": ("failed", LOST.error),
        "game_bundle": ("skipped", LOST.error),
        "campaign_manifest": ("skipped", LOST.error),
    }
    assert not any(step.cache_hit for step in tenant.steps(run.id))


def test_a_lost_run_that_never_began_fails_by_way_of_running(ledger: Ledger) -> None:
    run = open_run(ledger.tenant("demo"))

    ended = end(ledger, run, LOST)

    assert ended is not None
    assert (ended.status, ended.error) == (RunStatus.FAILED, LOST.error)
    assert ended.started_at is not None
    assert steps_of(ledger, run) == dict.fromkeys(ALL_STEPS, ("skipped", LOST.error))


@pytest.mark.parametrize("began", [False, True], ids=["queued", "running"])
def test_a_cancelled_run_is_cancelled_wherever_it_was(ledger: Ledger, *, began: bool) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    if began:
        begin(tenant, run, "bgm")

    ended = end(ledger, run, CANCELLED)

    assert ended is not None
    assert (ended.status, ended.error) == (RunStatus.CANCELLED, CANCELLED.error)
    assert steps_of(ledger, run)["bgm"] == ("failed" if began else "skipped", CANCELLED.error)
    assert steps_of(ledger, run)["game_config"] == ("skipped", CANCELLED.error)


def test_a_step_that_was_lost_worked_until_it_was_last_heard_of(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")
    [step] = [step for step in tenant.steps(run.id) if step.step_id == "bgm"]
    assert step.started_at is not None
    last_heard = step.started_at + timedelta(seconds=5)

    end(ledger, run, Ending(status=LOST.status, error=LOST.error, worked_until=last_heard))

    [step] = [step for step in tenant.steps(run.id) if step.step_id == "bgm"]
    assert step.duration_ms == 5000


@pytest.mark.parametrize("first", [LOST, CANCELLED])
def test_a_run_that_has_ended_stays_as_it_is(ledger: Ledger, first: Ending) -> None:
    tenant = ledger.tenant("demo")
    completed, ended = open_run(tenant), open_run(tenant)
    for step_id in ALL_STEPS:
        produce(tenant, completed, step_id)
    end(ledger, ended, first)
    before = [tenant.run(run.id) for run in (completed, ended)]

    again = [end(ledger, run, ending) for run in (completed, ended) for ending in (LOST, CANCELLED)]

    assert again == [None] * 4
    assert [tenant.run(run.id) for run in (completed, ended)] == before


def test_of_many_that_end_a_run_at_once_one_does(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")
    together = Barrier(6)

    def end_it(place: int) -> RunRecord | None:
        together.wait()
        ending = LOST if place % 2 else CANCELLED
        return end(ledger, run, ending)

    with ThreadPoolExecutor(6) as pool:
        ended = [found for found in pool.map(end_it, range(6)) if found is not None]

    assert len(ended) == 1
    assert tenant.run(run.id) == ended[0]


def test_a_run_that_moved_on_since_it_was_judged_is_judged_again_under_its_lock(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant, worker=Worker(host="elsewhere", pid=1, start_ticks=1))
    tenant.beat(run.id)
    seen: list[Worker | None] = []

    def judge(found: ActiveRun) -> Ending | None:
        seen.append(found.run.worker)
        return None

    ended = ledger.housekeeping("reconcile").end_run(run, judge=judge)

    ours = this_worker()
    assert ended is None
    assert seen == [Worker(host=ours.host, pid=ours.pid, start_ticks=ours.start_ticks)]
    assert steps_of(ledger, run) == dict.fromkeys(ALL_STEPS, ("pending", None))


def test_who_else_works_on_a_run_is_told_where_it_is_judged(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run, other = open_run(tenant), open_run(tenant)
    for name, of in (("held", run), ("given back", run), ("expired", run), ("another's", other)):
        lease = tenant.take_lease(content_hash(name.encode()), subject="bgm", run_id=of.id)
        assert lease is not None
        if name == "given back":
            tenant.keep_result(lease, {})
            tenant.give_back(lease)
    holders = {"held": "one", "given back": "two", "expired": "three", "another's": "four"}
    with ledger._database._engine.begin() as connection:
        for name, host in holders.items():
            of_lease = LEASE.c.lease_key == content_hash(name.encode())
            ends = {"expires_at": run.created_at} if name == "expired" else {}
            connection.execute(update(LEASE).where(of_lease).values(worker_host=host, **ends))
    seen: list[ActiveRun] = []

    ledger.housekeeping("reconcile").end_run(run, judge=seen.append)

    assert [holder.host for found in seen for holder in found.lease_holders] == ["one"]


def test_a_run_without_steps_is_ended_too(ledger: Ledger) -> None:
    run = open_run(ledger.tenant("demo"))
    with ledger._database._engine.begin() as connection:
        connection.execute(delete(RUN_STEP))

    ended = end(ledger, run, LOST)

    assert ended is not None
    assert ended.completed_at is not None
    assert ended.completed_at >= run.created_at


def test_the_leases_of_a_run_that_is_ended_are_free_at_once_and_what_was_produced_waits(
    ledger: Ledger,
) -> None:
    tenant = ledger.tenant("demo")
    lost, other = open_run(tenant), open_run(tenant)
    keys = {name: content_hash(name.encode()) for name in ("empty", "produced", "other's")}
    for name, run in (("empty", lost), ("produced", lost), ("other's", other)):
        lease = tenant.take_lease(keys[name], subject="bgm", run_id=run.id)
        assert lease is not None
        if name == "produced":
            tenant.keep_result(lease, {"content_hash": "…"})

    end(ledger, lost, LOST)

    with ledger._database._engine.connect() as connection:
        rows = {row["lease_key"]: row for row in connection.execute(select(LEASE)).mappings()}
    assert set(rows) == {keys["produced"], keys["other's"]}
    assert rows[keys["other's"]]["holder"] is not None
    assert (rows[keys["produced"]]["holder"], rows[keys["produced"]]["expires_at"]) == (None, None)
    taken = tenant.take_lease(keys["produced"], subject="bgm", run_id=other.id)
    assert taken is not None
    assert taken.result == {"content_hash": "…"}


@pytest.mark.parametrize("act", ["publish", "start", "hash", "reuse"])
def test_a_worker_that_comes_back_late_is_told_how_its_run_was_ended(ledger: Ledger, act: str) -> None:
    tenant = ledger.tenant("demo")
    earlier = produce(tenant, open_run(tenant), "bgm")
    run = open_run(tenant)
    begin(tenant, run, "bgm")
    end(ledger, run, LOST)
    before = (tenant.run(run.id), steps_of(ledger, run))
    acts: dict[str, Any] = {
        "publish": lambda: tenant.publish(
            run.id, "bgm", artifact=artifact_of("bgm"), cache=None, duration_ms=1
        ),
        "start": lambda: begin(tenant, run, "game_config"),
        "hash": lambda: tenant.hash_step(run.id, "bgm", hash_of("bgm")),
        "reuse": lambda: reuse(tenant, run, "bgm", artifact_id=earlier.id),
    }

    with pytest.raises(RunEndedError, match=f"run {run.id} was ended as failed meanwhile") as refused:
        acts[act]()

    assert refused.value.code is ErrorCode.RUN_LOST
    assert not refused.value.retryable
    assert (tenant.run(run.id), steps_of(ledger, run)) == before


def test_runs_of_all_tenants_that_have_not_ended_are_listed_longest_silent_first(ledger: Ledger) -> None:
    runs = {name: open_run(ledger.tenant(name)) for name in ("one", "two", "three")}
    ended = open_run(ledger.tenant("one"))
    end(ledger, ended, LOST)
    see_last(ledger, runs["two"], ago=timedelta(minutes=5))

    listed, first = active(ledger), active(ledger, limit=1)

    assert [found.run.id for found in listed] == [runs[name].id for name in ("two", "one", "three")]
    assert [found.run.id for found in first] == [runs["two"].id]
    assert listed[0].silent_s == pytest.approx(300, abs=30)
    assert [found.run.worker for found in listed] == [None, None, None]


def test_pages_of_active_runs_follow_each_other_and_miss_none(ledger: Ledger) -> None:
    runs = [open_run(ledger.tenant("demo")) for _ in range(5)]
    with ledger._database._engine.begin() as connection:
        # As two may be in the same moment, whatever the clock's grain is.
        same = select(func.max(RUN.c.created_at)).scalar_subquery()
        connection.execute(
            update(RUN).where(RUN.c.id.in_([run.id for run in runs[2:]])).values(created_at=same)
        )
    house = ledger.housekeeping("reconcile")

    first = house.active_runs(limit=3)
    rest = house.active_runs(limit=3, after=first[-1])

    assert [len(first), len(rest)] == [3, 2]
    assert {found.run.id for found in first + rest} == {run.id for run in runs}


def test_which_of_some_runs_have_ended_and_how_long_ago(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    lost, cancelled, failed, active_one, unasked = (open_run(tenant) for _ in range(5))
    end(ledger, lost, LOST)
    end(ledger, cancelled, CANCELLED)
    end(ledger, unasked, LOST)
    tenant.refuse_run(failed.id, "MISSING_ASSET: no logo")
    among = [run.id for run in (lost, cancelled, failed, active_one)]
    house = ledger.housekeeping("reconcile")

    ended = house.ended_runs(among)

    assert {one.run.id for one in ended} == {lost.id, cancelled.id, failed.id}
    assert [one.ended_s for one in ended] == pytest.approx([0, 0, 0], abs=30)


def test_one_run_is_found_as_long_as_it_has_not_ended(ledger: Ledger) -> None:
    run = open_run(ledger.tenant("demo"))
    house = ledger.housekeeping("reconcile")

    before = house.active_run(run.id)
    end(ledger, run, LOST)

    assert before is not None
    assert before.run == run
    assert house.active_run(run.id) is None


def test_which_of_some_runs_have_a_row_is_one_question(ledger: Ledger) -> None:
    run = open_run(ledger.tenant("demo"))

    known = ledger.housekeeping("reconcile").known_runs([run.id, str(uuid4())])

    assert known == {run.id}


def test_where_nothing_is_active_listing_is_one_statement(ledger: Ledger) -> None:
    asked = _statements(ledger)

    found = active(ledger)

    assert found == []
    assert len([statement for statement, _ in asked if "FROM run" in statement]) == 1


def test_the_index_of_active_runs_answers_which_there_are(sqlite_url: str) -> None:
    ledger = Ledger.open(sqlite_url)
    asked = _statements(ledger)
    active(ledger)
    [(statement, values)] = [told for told in asked if "FROM run" in told[0]]

    with ledger._database._engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    ledger.close()

    assert "ix_run_active" in str(plan)


def _statements(ledger: Ledger) -> list[tuple[str, Any]]:
    """Collect what is asked of the database from now on."""
    asked: list[tuple[str, Any]] = []

    def collect(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, values))

    event.listen(ledger._database._engine, "before_cursor_execute", collect)
    return asked
