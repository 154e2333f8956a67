"""Who decides that a run is over, and in which words: its launcher's record first, then life."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from campaign_pipeline.building import reconciler as reconciler_module
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.reconciler import ABANDONED_S, Reconciler, judge
from campaign_pipeline.building.run_history import NoHistory, RecordedRun, RunHistory, Standing
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.storage import Ending, Ledger, RunRecord, RunStatus, TenantLedger
from campaign_pipeline.storage.leases import LEASE_S
from campaign_pipeline.storage.reconciling import ActiveRun, Judge, Reconciling
from campaign_pipeline.storage.tables import LEASE, RUN
from campaign_pipeline.storage.worker import Worker, this_host, this_worker
from campaign_pipeline_tests.building.direct import Direct, take_step
from campaign_pipeline_tests.storage.building import ALL_STEPS, begin, open_run

NOW = datetime(2026, 2, 3, 10, 11, 12, tzinfo=UTC)
A_WHILE = timedelta(seconds=2 * LEASE_S)
LIVE = RecordedRun(Standing.LIVE)
GONE = Worker(host=this_host(), pid=2**22 + 1, start_ticks=1)
"""No process has such an id: Linux gives none above 4194304."""
ELSEWHERE = Worker(host="elsewhere", pid=7, start_ticks=7)


class Remembered(RunHistory):
    """A record that a test keeps."""

    def __init__(self, runs: Mapping[str, RecordedRun] | None = None) -> None:
        self.runs = dict(runs or {})
        self.reported: dict[str, Ending] = {}
        self.refused: set[str] = set()

    def look_up(self, run_ids: Sequence[str]) -> Mapping[str, RecordedRun]:
        return {run_id: self.runs[run_id] for run_id in run_ids if run_id in self.runs}

    def under_way(self) -> Sequence[str]:
        return [run_id for run_id, run in self.runs.items() if run.standing is Standing.LIVE]

    def report(self, run_id: str, ending: Ending) -> None:
        if run_id in self.refused:
            raise RuntimeError(f"nothing is recorded of {run_id}")
        self.reported[run_id] = ending
        self.runs.pop(run_id, None)


class OutOfReach(RunHistory):
    """A record whose storage fails."""

    def look_up(self, run_ids: Sequence[str]) -> Mapping[str, RecordedRun]:
        raise RuntimeError(f"no answer about {run_ids}")

    def report(self, run_id: str, ending: Ending) -> None:
        raise RuntimeError(f"no answer about {run_id}: {ending}")


def seen(worker: Worker | None, *, silent_s: float) -> ActiveRun:
    """Word a run that was last heard of so long ago."""
    run_id = str(uuid4())
    then = NOW - timedelta(seconds=silent_s)
    run = RunRecord(
        id=run_id,
        tenant_id="demo",
        campaign_id="small",
        workflow_name="campaign.build",
        workflow_version="1.0.0",
        status=RunStatus.RUNNING,
        trigger={},
        trigger_frozen_at=then,
        context={},
        error=None,
        base_run_id=None,
        root_run_id=run_id,
        heartbeat_at=then,
        worker_host=worker.host if worker else None,
        worker_pid=worker.pid if worker else None,
        worker_started_at=None,
        started_at=then,
        completed_at=None,
        created_at=then,
        updated_at=then,
        worker_start_ticks=worker.start_ticks if worker else None,
    )
    return ActiveRun(run=run, now=NOW)


@pytest.mark.parametrize("record", [None, LIVE], ids=["unrecorded", "live"])
@pytest.mark.parametrize(
    ("worker", "silent_s", "lost"),
    [
        (GONE, 1, True),
        (replace(this_worker(), start_ticks=(this_worker().start_ticks or 2) - 1), 1, True),
        (this_worker(), 10 * ABANDONED_S, False),
        (ELSEWHERE, LEASE_S - 1, False),
        (ELSEWHERE, LEASE_S + 1, True),
        (Worker(host=this_host(), pid=7, start_ticks=None), LEASE_S - 1, False),
        (Worker(host=this_host(), pid=7, start_ticks=None), LEASE_S + 1, True),
    ],
    ids=["gone", "id reused", "ourselves", "elsewhere", "elsewhere, silent", "untold", "untold, silent"],
)
def test_life_decides_where_the_record_is_not_terminal(
    worker: Worker, silent_s: float, *, lost: bool, record: RecordedRun | None
) -> None:
    ending = judge(seen(worker, silent_s=silent_s), record)

    assert (ending is not None) == lost
    if ending is not None:
        assert ending.status is RunStatus.FAILED
        assert ending.error.startswith(
            f"RUN_LOST: process {worker.pid} on {worker.host}, which worked on it, "
        )
        assert ending.worked_until == NOW - timedelta(seconds=silent_s)


@pytest.mark.parametrize(
    ("record", "silent_s", "lost"),
    [
        (None, LEASE_S - 1, False),
        (None, LEASE_S + 1, True),
        (LIVE, LEASE_S + 1, False),
        (LIVE, ABANDONED_S + 1, True),
    ],
)
def test_a_run_between_two_processes_goes_on_as_long_as_its_launcher_says_so(
    record: RecordedRun | None, silent_s: float, *, lost: bool
) -> None:
    ending = judge(seen(None, silent_s=silent_s), record)

    assert (ending is not None) == lost


@pytest.mark.parametrize(
    "worker", [None, GONE, this_worker(), ELSEWHERE], ids=["none", "gone", "ours", "other"]
)
@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            RecordedRun(Standing.CANCELLED),
            (RunStatus.CANCELLED, "CANCELLED: the run was cancelled in Dagster"),
        ),
        (
            RecordedRun(Standing.FAILED, "LEDGER_UNAVAILABLE: the ledger was away"),
            (RunStatus.FAILED, "LEDGER_UNAVAILABLE: the ledger was away"),
        ),
        (
            RecordedRun(Standing.FAILED, "Steps failed: bgm."),
            (RunStatus.FAILED, "RUN_LOST: Dagster has recorded a failure: Steps failed: bgm."),
        ),
        (
            RecordedRun(Standing.COMPLETED),
            (
                RunStatus.FAILED,
                "RUN_LOST: Dagster has recorded a success, and steps of the run never came to a result",
            ),
        ),
    ],
    ids=["cancelled", "failed", "failed in other words", "succeeded"],
)
def test_a_terminal_record_decides_whatever_is_known_of_life(
    worker: Worker | None, record: RecordedRun, expected: tuple[RunStatus, str]
) -> None:
    ending = judge(seen(worker, silent_s=0), record)

    assert ending is not None
    assert (ending.status, ending.error) == expected


def test_a_run_that_was_being_cancelled_when_its_process_went_is_cancelled() -> None:
    cancelling = RecordedRun(Standing.CANCELLING)

    lost, lives = (judge(seen(worker, silent_s=1), cancelling) for worker in (GONE, this_worker()))

    assert lost is not None
    assert lost.status is RunStatus.CANCELLED
    assert lost.error.startswith(f"CANCELLED: it was being cancelled, and process {GONE.pid} on ")
    assert lives is None


@pytest.fixture
def tenant(ledger: Ledger) -> TenantLedger:
    """One tenant's ledger."""
    return ledger.tenant("demo")


def test_a_pass_ends_what_is_over_and_nothing_else_and_reports_it(
    ledger: Ledger, tenant: TenantLedger
) -> None:
    runs = {
        "lost": open_run(tenant, worker=GONE),
        "another tenant's": open_run(ledger.tenant("acme"), worker=GONE),
        "cancelled": open_run(tenant, worker=ELSEWHERE),
        "at work": open_run(tenant, worker=this_worker()),
        "spared": open_run(tenant, worker=GONE),
    }
    history = Remembered({runs["cancelled"].id: RecordedRun(Standing.CANCELLED), runs["lost"].id: LIVE})
    reconciler = Reconciler(ledger, history)

    ended = [reconciler.reconcile(spared=[runs["spared"].id]) for _ in range(2)]

    statuses = {name: found(ledger, run).status for name, run in runs.items()}
    assert ended == [3, 0]
    assert statuses == {
        "lost": RunStatus.FAILED,
        "another tenant's": RunStatus.FAILED,
        "cancelled": RunStatus.CANCELLED,
        "at work": RunStatus.QUEUED,
        "spared": RunStatus.QUEUED,
    }
    assert {run_id: ending.status for run_id, ending in history.reported.items()} == {
        runs[name].id: statuses[name] for name in ("lost", "another tenant's", "cancelled")
    }


def test_a_run_that_cannot_be_reported_keeps_no_other_from_its_end(
    ledger: Ledger, tenant: TenantLedger, caplog: pytest.LogCaptureFixture
) -> None:
    runs = [open_run(tenant, worker=GONE) for _ in range(3)]
    history = Remembered()
    history.refused.add(runs[0].id)

    ended = Reconciler(ledger, history).reconcile()

    assert ended == 3
    assert set(history.reported) == {run.id for run in runs[1:]}
    assert f"run {runs[0].id} has ended, and its launcher could not be told" in caplog.text


def test_a_run_that_cannot_be_ended_keeps_no_other_from_its_end(
    ledger: Ledger, tenant: TenantLedger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runs = [open_run(tenant, worker=GONE) for _ in range(3)]
    end_run = Reconciling.end_run

    def fail_for_the_first(self: Reconciling, run: RunRecord, *, judge: Judge) -> RunRecord | None:
        if run.id == runs[0].id:
            raise RuntimeError("its rows are not as they should be")
        return end_run(self, run, judge=judge)

    monkeypatch.setattr(Reconciling, "end_run", fail_for_the_first)

    ended = Reconciler(ledger, NoHistory()).reconcile()

    assert ended == 2
    assert [found(ledger, run).status.value for run in runs] == ["queued", "failed", "failed"]
    assert f"run {runs[0].id} could not be ended" in caplog.text


def test_while_a_run_is_reported_nobody_waits_for_the_ledger(ledger: Ledger, tenant: TenantLedger) -> None:
    run = open_run(tenant, worker=GONE)
    seen: list[RunStatus] = []

    class Writing(NoHistory):
        def report(self, run_id: str, ending: Ending) -> None:
            assert ending.status is RunStatus.FAILED
            seen.append(found(ledger, run_id).status)
            with ThreadPoolExecutor(1) as another:
                another.submit(open_run, ledger.tenant("acme")).result(timeout=5)

    Reconciler(ledger, Writing()).settle(run.id)

    assert seen == [RunStatus.FAILED]


@pytest.mark.parametrize(
    ("worker", "at_once", "later"),
    [
        (GONE, True, True),
        (this_worker(), False, False),
        (replace(this_worker(), start_ticks=None), False, True),
        (ELSEWHERE, False, True),
        (None, False, True),
    ],
    ids=["gone", "ours", "untold", "elsewhere", "none"],
)
def test_a_run_that_ended_and_was_not_reported_is_reported_once_nobody_is_left_to_do_it(
    ledger: Ledger, tenant: TenantLedger, worker: Worker | None, *, at_once: bool, later: bool
) -> None:
    unreported = open_run(tenant, worker=worker)
    tenant.refuse_run(unreported.id, "MISSING_ASSET: no logo")
    history = Remembered({unreported.id: LIVE})
    reconciler = Reconciler(ledger, history)

    reconciler.reconcile()
    reported_at_once = dict(history.reported)
    with ledger._database._engine.begin() as connection:
        connection.execute(update(RUN).values(completed_at=unreported.created_at - A_WHILE))
    reconciler.reconcile()

    told = {unreported.id: Ending(status=RunStatus.FAILED, error="MISSING_ASSET: no logo")}
    assert reported_at_once == (told if at_once else {})
    assert history.reported == (told if later else {})


def test_of_runs_that_ended_only_those_are_reported_again_that_the_record_takes_to_be_under_way(
    ledger: Ledger, tenant: TenantLedger
) -> None:
    unreported, known, spared = (open_run(tenant, worker=GONE) for _ in range(3))
    Reconciler(ledger, NoHistory()).reconcile()
    history = Remembered({run.id: LIVE for run in (unreported, spared)})

    counts = [Reconciler(ledger, history).reconcile(spared=[spared.id]) for _ in range(2)]

    assert counts == [0, 0]
    assert set(history.reported) == {unreported.id}
    assert history.reported[unreported.id].error == found(ledger, unreported).error
    assert known.id not in history.runs


def test_a_run_whose_other_process_lives_goes_on_and_one_without_ends_at_once(
    ledger: Ledger, tenant: TenantLedger
) -> None:
    carried_on, lost = (open_run(tenant, worker=GONE) for _ in range(2))
    leases = {
        run.id: tenant.take_lease(content_hash(run.id.encode()), subject="bgm", run_id=run.id)
        for run in (carried_on, lost)
    }
    with ledger._database._engine.begin() as connection:
        gone = {"worker_pid": GONE.pid, "worker_start_ticks": GONE.start_ticks}
        connection.execute(update(LEASE).where(LEASE.c.run_id == lost.id).values(**gone))

    ended = Reconciler(ledger, Remembered({carried_on.id: LIVE, lost.id: LIVE})).reconcile()

    assert all(leases.values())
    assert ended == 1
    assert found(ledger, carried_on).status is RunStatus.QUEUED
    assert found(ledger, lost).status is RunStatus.FAILED


def test_runs_that_wait_for_a_process_keep_no_pass_from_those_behind_them(
    ledger: Ledger, tenant: TenantLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler_module, "RUNS_A_PAGE", 2)
    monkeypatch.setattr(reconciler_module, "PAGES_A_PASS", 3)
    waiting = [open_run(tenant) for _ in range(4)]
    lost, beyond = open_run(tenant, worker=GONE), open_run(tenant, worker=GONE)
    last = open_run(tenant, worker=GONE)
    reconciler = Reconciler(ledger, Remembered({run.id: LIVE for run in waiting}))

    ended = [reconciler.reconcile() for _ in range(2)]

    assert ended == [2, 1]
    assert {found(ledger, run).status for run in (lost, beyond, last)} == {RunStatus.FAILED}


def test_a_run_whose_steps_have_all_ended_ends_as_they_did(ledger: Ledger, tenant: TenantLedger) -> None:
    run = open_run(tenant, worker=GONE, step_ids=("bgm",))
    begin(tenant, run, "bgm")
    with ledger._database._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE run_step SET status = 'completed'")

    Reconciler(ledger, Remembered({run.id: RecordedRun(Standing.COMPLETED)})).settle(run.id)

    ended = found(ledger, run)
    assert (ended.status, ended.error) == (RunStatus.COMPLETED, None)


def test_one_run_is_settled_and_the_others_are_left_alone(ledger: Ledger, tenant: TenantLedger) -> None:
    lost, other = open_run(tenant, worker=GONE), open_run(tenant, worker=GONE)
    reconciler = Reconciler(ledger, NoHistory())

    settled = [reconciler.settle(lost.id), reconciler.settle(lost.id)]

    assert settled == [True, False]
    assert found(ledger, other).status is RunStatus.QUEUED


def test_whether_any_seems_lost_is_told_without_ending_it(ledger: Ledger, tenant: TenantLedger) -> None:
    reconciler = Reconciler(ledger, OutOfReach())
    open_run(tenant, worker=this_worker())

    before = reconciler.finds_any_lost()
    lost = open_run(tenant, worker=GONE)

    assert (before, reconciler.finds_any_lost()) == (False, True)
    assert found(ledger, lost).status is RunStatus.QUEUED


def test_a_record_out_of_reach_stops_nothing_on_the_way_to_something_else(
    ledger: Ledger, tenant: TenantLedger, caplog: pytest.LogCaptureFixture
) -> None:
    run = open_run(tenant, worker=GONE)
    reconciler = Reconciler(ledger, OutOfReach())

    reconciler.try_to_reconcile()
    reconciler.try_to_settle(run.id)

    assert caplog.text.count("the next start of anything tries again") == 2
    assert found(ledger, run).status is RunStatus.QUEUED


@pytest.fixture
def builder(direct: Direct) -> Iterator[Builder]:
    """A builder over the folder's ledger and store."""
    with closing(Builder(direct.settings)) as opened:
        yield opened


def test_the_next_build_ends_a_run_that_was_lost(direct: Direct, builder: Builder) -> None:
    lost = open_run(builder.ledger.tenant("acme"), worker=GONE)

    builder.open(direct.order())

    assert found(builder.ledger, lost).status is RunStatus.FAILED


def test_a_build_names_its_process_on_the_run_and_takes_it_off_where_another_goes_on(
    direct: Direct, builder: Builder
) -> None:
    order = direct.order()
    with closing(Builder(direct.settings)) as first:
        first.open(order)
        working = found(builder.ledger, order.run_id)
        take_step(first, order, "bgm")

    left = found(builder.ledger, order.run_id)
    builder.open(order)

    taken_up = found(builder.ledger, order.run_id)
    ours = this_worker().pid
    assert [run.worker_pid for run in (working, left, taken_up)] == [ours, None, ours]
    assert taken_up.status is RunStatus.RUNNING


def test_a_run_that_was_completed_keeps_the_name_of_the_process_that_did(direct: Direct) -> None:
    order = direct.order()

    direct.run(order)

    with closing(Ledger.open(direct.place.ledger_url)) as ledger:
        assert found(ledger, order.run_id).worker_pid == this_worker().pid


def test_a_run_that_has_ended_for_its_launcher_ends_when_its_process_leaves_it(direct: Direct) -> None:
    order = direct.order()
    interrupted = RecordedRun(Standing.FAILED, "CANCELLED: Execution was interrupted unexpectedly.")
    builder = Builder(direct.settings, history=Remembered({order.run_id: interrupted}))
    take_step(builder, order, "bgm")

    builder.close()

    with closing(Ledger.open(direct.place.ledger_url)) as ledger:
        run = found(ledger, order.run_id)
        statuses = {step.step_id: step.status.value for step in ledger.tenant("demo").steps(run.id)}
    assert (run.status, run.error) == (RunStatus.FAILED, interrupted.reason)
    assert statuses == {"bgm": "completed", **dict.fromkeys(set(ALL_STEPS) - {"bgm"}, "skipped")}


def test_turning_to_another_run_leaves_the_one_before(direct: Direct, builder: Builder) -> None:
    first, second = direct.order(), direct.order()
    builder.open(first)

    builder.open(second)

    assert found(builder.ledger, first.run_id).worker_pid is None
    assert found(builder.ledger, second.run_id).worker_pid == this_worker().pid


def test_a_run_that_was_ended_is_not_opened_again(direct: Direct, builder: Builder) -> None:
    order = direct.order()
    builder.open(order)
    builder.end(order, Ending(status=RunStatus.CANCELLED, error="CANCELLED: enough"))

    with pytest.raises(CampaignError, match="CANCELLED: enough") as refused:
        builder.open(order)

    assert refused.value.code is ErrorCode.CANCELLED


def found(ledger: Ledger, run: RunRecord | str) -> RunRecord:
    run_id = run if isinstance(run, str) else run.id
    record = ledger.housekeeping("show").find_run(run_id)
    assert record is not None
    return record
