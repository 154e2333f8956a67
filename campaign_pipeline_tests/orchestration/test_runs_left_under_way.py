"""Runs that ended, or died, while Dagster takes them to be under way: nobody is left to report them, so a look does."""

import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import cache
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import update

from campaign_pipeline.building.run_history import RecordedRun, Standing
from campaign_pipeline.orchestration import ended_runs
from campaign_pipeline.orchestration.history import DagsterHistory
from campaign_pipeline.orchestration.instance import opened_instance
from campaign_pipeline.storage import Ending, Ledger, RunStatus
from campaign_pipeline.storage.tables import RUN
from campaign_pipeline.storage.worker import Worker, this_host, this_worker
from campaign_pipeline_tests.orchestration.dagster_runs import KEY, STATUS, launched, tick
from campaign_pipeline_tests.storage.building import open_run, produce
from campaign_pipeline_tests.workplace import STEPS, Desk

GONE = Worker(host=this_host(), pid=2**22 + 1, start_ticks=1)
ELSEWHERE = Worker(host="elsewhere", pid=7, start_ticks=7)
CUT_OFF = "RUN_LOST: the ledger has this run as completed, with all of its artifacts; "


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster that keeps its runs in memory."""
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def succeed(instance: dg.DagsterInstance, run: dg.DagsterRun, *steps: str) -> None:
    """Let Dagster have heard that steps succeeded."""
    for step in steps:
        event = dg.DagsterEvent(
            event_type_value=dg.DagsterEventType.STEP_SUCCESS.value,
            job_name=run.job_name,
            step_key=step,
            event_specific_data=success_data(),
        )
        instance.report_dagster_event(event, run_id=run.run_id)


@cache
def success_data() -> Any:
    """Take what Dagster says of a success from one that it had: the class has no public name."""

    @dg.op
    def anything() -> None:
        pass

    @dg.job
    def something() -> None:
        anything()

    events = something.execute_in_process().all_events
    [success] = [event for event in events if event.event_type is dg.DagsterEventType.STEP_SUCCESS]
    return success.event_specific_data


def status_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def completed(desk: Desk, run: dg.DagsterRun, *, worker: Worker) -> None:
    """Let the ledger have a run as completed by a process."""
    with closing(Ledger.open(desk.place.ledger_url)) as ledger:
        tenant = ledger.tenant("demo")
        row = open_run(tenant, run_id=run.run_id, step_ids=("bgm",))
        produce(tenant, row, "bgm")
        named = {
            "worker_host": worker.host,
            "worker_pid": worker.pid,
            "worker_start_ticks": worker.start_ticks,
        }
        with ledger._database._engine.begin() as connection:
            connection.execute(update(RUN).where(RUN.c.id == run.run_id).values(**named))
        found = tenant.run(run.run_id)
        assert found is not None
        assert found.status is RunStatus.COMPLETED


@pytest.mark.parametrize(
    ("before", "ending", "told", "after"),
    [
        (STATUS.STARTED, None, STEPS, RecordedRun(Standing.COMPLETED)),
        (STATUS.CANCELING, None, STEPS, RecordedRun(Standing.COMPLETED)),
        (
            STATUS.STARTED,
            Ending(status=RunStatus.FAILED, error="PROVIDER_ERROR: no"),
            STEPS[:1],
            RecordedRun(Standing.FAILED, "PROVIDER_ERROR: no"),
        ),
        (
            STATUS.STARTED,
            Ending(status=RunStatus.CANCELLED, error="CANCELLED: no"),
            (),
            RecordedRun(Standing.CANCELLED),
        ),
        (STATUS.SUCCESS, Ending(status=RunStatus.FAILED, error="no"), (), RecordedRun(Standing.COMPLETED)),
    ],
)
def test_a_run_that_is_left_is_closed_as_the_ledger_has_it(
    instance: dg.DagsterInstance,
    before: dg.DagsterRunStatus,
    ending: Ending | None,
    told: tuple[str, ...],
    after: RecordedRun,
) -> None:
    run = launched(instance, before)
    succeed(instance, run, *told)
    history = DagsterHistory(instance)

    history.close(run.run_id, ending)

    assert history.look_up([run.run_id]) == {run.run_id: after}


def test_a_completed_run_that_dagster_has_not_heard_all_of_is_no_success_there(
    instance: dg.DagsterInstance,
) -> None:
    run, music = launched(instance), launched(instance, assets=["bgm"])
    succeed(instance, run, *STEPS[:-1])
    succeed(instance, music, "bgm")
    history = DagsterHistory(instance)

    for left in (run, music):
        history.close(left.run_id, None)

    found = history.look_up([run.run_id, music.run_id])
    assert found[run.run_id].standing is Standing.FAILED
    assert found[run.run_id].reason.startswith(CUT_OFF)
    assert found[music.run_id].standing is Standing.COMPLETED


@pytest.mark.parametrize(
    "others", [{"job": "__ASSET_JOB", "assets": ["bgm", "somebody_else_s"]}, {"job": "nightly_report"}]
)
def test_a_run_with_others_steps_is_left_to_whoever_runs_those(
    instance: dg.DagsterInstance, others: dict[str, Any]
) -> None:
    run = launched(instance, **others)

    DagsterHistory(instance).close(run.run_id, None)

    assert status_of(instance, run) is STATUS.STARTED


@pytest.mark.parametrize(
    ("worker", "after"),
    [(GONE, STATUS.SUCCESS), (this_worker(), STATUS.STARTED), (ELSEWHERE, STATUS.STARTED)],
    ids=["gone", "alive", "elsewhere, a moment ago"],
)
def test_the_sensor_closes_a_completed_run_once_its_process_is_gone(
    any_desk: Desk, instance: dg.DagsterInstance, worker: Worker, after: dg.DagsterRunStatus
) -> None:
    run = launched(instance, assets=["bgm"])
    succeed(instance, run, "bgm")
    completed(any_desk, run, worker=worker)

    tick(instance)

    assert status_of(instance, run) is after


def test_a_build_killed_before_dagster_recorded_its_success_is_a_success_there_after_the_next_look(
    workplace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.write_brief(KEY)
    killed = workplace.command("python", "-c", KILLED_AT_THE_LAST_EVENT)
    monkeypatch.chdir(workplace.root)

    with opened_instance() as opened:
        [before] = opened.get_runs()
        tick(opened)
        after = status_of(opened, before)

    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    [row] = workplace.tables().run
    assert (row["id"], row["status"]) == (before.run_id, "completed")
    assert (before.status, after) == (STATUS.STARTED, STATUS.SUCCESS)


KILLED_AT_THE_LAST_EVENT = f"""
import os, signal, dagster as dg
from campaign_pipeline.cli import main

handle = dg.DagsterInstance.handle_new_event

def die_before_the_end(instance, event, **options):
    if event.dagster_event_type is dg.DagsterEventType.RUN_SUCCESS:
        os.kill(os.getpid(), signal.SIGKILL)
    handle(instance, event, **options)

dg.DagsterInstance.handle_new_event = die_before_the_end
main(["build", "{KEY}"])
"""


def test_a_run_that_no_step_has_told_of_for_a_day_is_given_up_and_gets_its_rows(
    any_desk: Desk, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = launched(instance)
    others = launched(instance, job="__ASSET_JOB", assets=["somebody_else_s"])
    nameless = launched(instance, key=None)
    working = launched(instance)
    with closing(Ledger.open(any_desk.place.ledger_url)) as ledger:
        open_run(ledger.tenant("demo"), run_id=working.run_id, worker=this_worker())
    tick(instance)
    early = status_of(instance, silent)

    monkeypatch.setattr(ended_runs, "ABANDONED_S", -timedelta(hours=1).total_seconds())
    tick(instance, tick(instance))

    assert early is STATUS.STARTED
    assert status_of(instance, silent) is STATUS.FAILURE
    assert {status_of(instance, run) for run in (others, nameless, working)} == {STATUS.STARTED}
    told = "RUN_LOST: no step of it has begun, and nothing was heard of it for 24 hours"
    runs = {row["id"]: (row["status"], row["error"]) for row in any_desk.place.tables().run}
    assert runs == {silent.run_id: ("failed", told), working.run_id: ("queued", None)}
