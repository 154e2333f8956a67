"""Runs that end in Dagster: read from its record, brought to their end in the ledger, with rows where they had none."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest
from sqlalchemy import text, update

from campaign_pipeline.building.reconciler import Reconciler
from campaign_pipeline.building.run_history import NoHistory, RecordedRun, Standing
from campaign_pipeline.definitions import defs
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.orchestration import ended_runs
from campaign_pipeline.orchestration.ended_runs import EndedRuns
from campaign_pipeline.orchestration.history import DagsterHistory
from campaign_pipeline.orchestration.sensors import cancelled_runs, failed_runs, runs_that_are_over
from campaign_pipeline.storage import Ending, Ledger, RunStatus
from campaign_pipeline.storage.tables import RUN
from campaign_pipeline.storage.worker import Worker, this_host
from campaign_pipeline_tests.orchestration.dagster_runs import STATUS, launched, tick
from campaign_pipeline_tests.storage.building import open_run
from campaign_pipeline_tests.workplace import STEPS, Desk, Row

GONE = Worker(host=this_host(), pid=2**22 + 1, start_ticks=1)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster that keeps its runs in memory."""
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def rows(desk: Desk) -> dict[str, tuple[Row, dict[str, tuple[str, str | None]]]]:
    """Give every run by id, with status and error of its steps."""
    tables = desk.place.tables()
    return {
        run["id"]: (
            run,
            {name: (row["status"], row["error"]) for name, row in tables.steps_of(run["id"]).items()},
        )
        for run in tables.run
    }


def test_dagster_s_record_says_where_a_run_stands_and_why_it_failed(instance: dg.DagsterInstance) -> None:
    runs = {
        status: launched(instance, status) for status in (STATUS.STARTED, STATUS.NOT_STARTED, STATUS.SUCCESS)
    }
    failed, cancelled, untold = (launched(instance) for _ in range(3))
    instance.report_run_failed(failed, message="it was too much")
    instance.report_run_canceling(cancelled)
    asked = launched(instance)
    instance.report_run_canceling(asked)
    instance.report_run_canceled(asked)
    bare = launched(instance, STATUS.FAILURE)
    ids = [run.run_id for run in (*runs.values(), failed, cancelled, untold, asked, bare)]

    found = DagsterHistory(instance).look_up([*ids, str(uuid4())])

    assert found == dict(
        zip(
            ids,
            [
                RecordedRun(Standing.LIVE),
                RecordedRun(Standing.LIVE),
                RecordedRun(Standing.COMPLETED),
                RecordedRun(Standing.FAILED, "it was too much"),
                RecordedRun(Standing.CANCELLING),
                RecordedRun(Standing.LIVE),
                RecordedRun(Standing.CANCELLED),
                RecordedRun(Standing.FAILED, "no reason is given"),
            ],
            strict=True,
        )
    )


def test_a_record_that_cannot_be_read_hides_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        damaged, unexplained, sound = (launched(instance) for _ in range(3))
        for run in (unexplained, sound):
            instance.report_run_failed(run, message="it was too much")
        with closing(sqlite3.connect(tmp_path / "history" / "runs.db")) as runs:
            runs.execute("UPDATE runs SET run_body = '{}' WHERE run_id = ?", [damaged.run_id])
            runs.commit()
        with closing(sqlite3.connect(tmp_path / "history" / "runs" / f"{unexplained.run_id}.db")) as events:
            events.execute("UPDATE event_logs SET event = '{}'")
            events.commit()

        found = DagsterHistory(instance).look_up([run.run_id for run in (damaged, unexplained, sound)])

    assert found == {
        damaged.run_id: RecordedRun(Standing.LIVE),
        unexplained.run_id: RecordedRun(Standing.LIVE),
        sound.run_id: RecordedRun(Standing.FAILED, "it was too much"),
    }
    assert caplog.text.count("what Dagster has recorded of it cannot be read") == 2


def test_a_storage_that_is_away_is_no_record_that_cannot_be_read(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for question in ("get_runs", "get_runs_count"):
        monkeypatch.setattr(type(instance), question, _out_of_reach)

    with pytest.raises(ConnectionError):
        DagsterHistory(instance).look_up([str(uuid4())])


def test_runs_under_way_are_those_that_dagster_waits_for(instance: dg.DagsterInstance) -> None:
    runs = {status: launched(instance, status) for status in STATUS if status is not STATUS.QUEUED}

    found = DagsterHistory(instance).under_way()

    assert set(found) == {
        runs[status].run_id for status in (STATUS.STARTING, STATUS.STARTED, STATUS.CANCELING)
    }


def _out_of_reach(*_args: object, **_kwargs: object) -> None:
    raise ConnectionError("the storage is away")


@pytest.mark.parametrize(
    ("before", "ending", "after"),
    [
        (STATUS.STARTED, RunStatus.FAILED, STATUS.FAILURE),
        (STATUS.STARTING, RunStatus.FAILED, STATUS.FAILURE),
        (STATUS.CANCELING, RunStatus.CANCELLED, STATUS.CANCELED),
        (STATUS.SUCCESS, RunStatus.FAILED, STATUS.SUCCESS),
        (STATUS.CANCELED, RunStatus.FAILED, STATUS.CANCELED),
    ],
)
def test_how_a_lost_run_ended_is_reported_to_a_dagster_that_takes_it_to_be_under_way(
    instance: dg.DagsterInstance,
    before: dg.DagsterRunStatus,
    ending: Any,
    after: dg.DagsterRunStatus,
) -> None:
    run = launched(instance, before)
    history = DagsterHistory(instance)

    history.report(run.run_id, Ending(status=ending, error="RUN_LOST: gone"))
    history.report(str(uuid4()), Ending(status=ending, error="RUN_LOST: not Dagster's"))

    now = instance.get_run_by_id(run.run_id)
    assert now is not None
    assert now.status == after
    if after is STATUS.FAILURE:
        assert history.look_up([run.run_id]) == {run.run_id: RecordedRun(Standing.FAILED, "RUN_LOST: gone")}


def test_a_run_that_was_cancelled_in_the_queue_gets_its_rows(
    any_desk: Desk, instance: dg.DagsterInstance
) -> None:
    config = {"resources": {"trigger": {"config": {"overrides": {"theme": "candy"}, "cache": "refresh"}}}}
    run = launched(instance, STATUS.NOT_STARTED, config=config)
    instance.report_run_canceled(run)

    tick(instance, tick(instance))

    told = "CANCELLED: the run was cancelled in Dagster"
    [(row, steps)] = rows(any_desk).values()
    assert (row["id"], row["status"], row["error"]) == (run.run_id, "cancelled", told)
    assert (row["tenant_id"], row["campaign_id"]) == ("demo", "small")
    assert (row["trigger"]["overrides"], row["trigger"]["cache"]) == ({"theme": "candy"}, "refresh")
    assert row["worker_pid"] is None
    assert steps == dict.fromkeys(STEPS, ("skipped", told))


def test_a_run_that_failed_before_its_first_step_gets_its_rows(
    any_desk: Desk, instance: dg.DagsterInstance
) -> None:
    config = {"resources": {"trigger": {"config": {"overrides": "no mapping", "bass_run_id": 7}}}}
    run = launched(instance, config=config)
    instance.report_run_failed(run, message="the run's configuration is wrong")

    tick(instance)

    told = "RUN_LOST: Dagster has recorded a failure: the run's configuration is wrong"
    [(row, steps)] = rows(any_desk).values()
    assert (row["status"], row["error"]) == ("failed", told)
    assert row["started_at"] is not None
    assert steps == dict.fromkeys(STEPS, ("skipped", told))


def test_a_run_of_some_of_our_assets_gets_a_row_for_each_of_those(
    any_desk: Desk, instance: dg.DagsterInstance
) -> None:
    run = launched(instance, STATUS.NOT_STARTED, job="__ASSET_JOB", assets=["campaign_brief", "bgm"])
    instance.report_run_canceled(run)

    tick(instance)

    [(row, steps)] = rows(any_desk).values()
    assert (row["id"], set(steps)) == (run.run_id, {"bgm"})


@pytest.mark.parametrize(
    "others",
    [
        {"job": "__ASSET_JOB", "assets": ["somebody_else_s"]},
        {"job": "nightly_report"},
        {"key": None},
        {"key": "no campaign's"},
    ],
)
def test_what_is_no_run_of_a_campaign_gets_no_row(
    any_desk: Desk, instance: dg.DagsterInstance, others: dict[str, Any]
) -> None:
    instance.report_run_failed(launched(instance, **others))

    tick(instance)

    assert rows(any_desk) == {}


def test_a_run_that_cannot_be_recorded_keeps_nobody_from_those_after_it(
    any_desk: Desk, instance: dg.DagsterInstance, caplog: pytest.LogCaptureFixture
) -> None:
    forged = launched(instance, tags={"dagster/root_run_id": "yesterday's"})
    sound = launched(instance)
    for run in (forged, sound):
        instance.report_run_failed(run)

    tick(instance)

    assert set(rows(any_desk)) == {sound.run_id}
    assert (
        f"run {forged.run_id} of Dagster's cannot be recorded: VALIDATION_ERROR: root_run_id" in caplog.text
    )


def test_a_ledger_out_of_reach_leaves_the_cursor_where_it_was(
    desk: Desk, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.place.root.is_dir()
    instance.report_run_failed(launched(instance))
    monkeypatch.setenv("CAMPAIGN_DATABASE_URL", "sqlite:////proc/nowhere/ledger.db")
    context = dg.build_sensor_context(instance=instance, cursor="2026-01-01T00:00:00+00:00")

    with pytest.raises(CampaignError, match="LEDGER_UNAVAILABLE"):
        runs_that_are_over(context)

    assert context.cursor == "2026-01-01T00:00:00+00:00"


def test_the_sensor_ends_the_runs_that_were_lost_here_and_in_dagster(
    any_desk: Desk, instance: dg.DagsterInstance
) -> None:
    run = launched(instance)
    with closing(Ledger.open(any_desk.place.ledger_url)) as ledger:
        open_run(ledger.tenant("demo"), run_id=run.run_id, worker=GONE)

    tick(instance)

    [(row, _)] = rows(any_desk).values()
    recorded = instance.get_run_by_id(run.run_id)
    assert row["status"] == "failed"
    assert row["error"].startswith(
        f"RUN_LOST: process {GONE.pid} on {GONE.host}, which worked on it, is gone; "
    )
    assert recorded is not None
    assert recorded.status is STATUS.FAILURE


def test_a_dagster_that_was_not_told_of_an_end_is_told_by_a_later_look(
    any_desk: Desk, instance: dg.DagsterInstance
) -> None:
    run = launched(instance)
    with closing(Ledger.open(any_desk.place.ledger_url)) as ledger:
        row = open_run(ledger.tenant("demo"), run_id=run.run_id, worker=GONE)
        # As a process does that is killed before it can tell Dagster.
        Reconciler(ledger, NoHistory()).reconcile()
        with ledger._database._engine.begin() as connection:
            connection.execute(update(RUN).values(completed_at=row.created_at - timedelta(hours=1)))

    tick(instance)

    recorded = instance.get_run_by_id(run.run_id)
    assert recorded is not None
    assert recorded.status is STATUS.FAILURE


def test_a_run_that_is_recorded_late_is_no_newer_than_it_is(
    any_desk: Desk, instance: dg.DagsterInstance
) -> None:
    cancelled = launched(instance, STATUS.NOT_STARTED)
    instance.report_run_canceled(cancelled)
    any_desk.place.write_brief("demo/small")
    newer = any_desk.build("demo/small")

    tick(instance)

    created = {run["id"]: str(run["created_at"]) for run in any_desk.place.tables().run}
    assert created[cancelled.run_id] < created[newer["id"]]


def test_a_run_that_retention_took_does_not_come_back(
    any_desk: Desk, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, young = (launched(instance, STATUS.NOT_STARTED) for _ in range(2))
    for run in (old, young):
        instance.report_run_canceled(run)
    update_at(instance, old, datetime.now(UTC) - timedelta(hours=2))
    monkeypatch.setenv("CAMPAIGN_RETENTION", "1h")

    tick(instance)

    assert [run["id"] for run in any_desk.place.tables().run] == [young.run_id]


def test_looking_again_changes_nothing(any_desk: Desk, instance: dg.DagsterInstance) -> None:
    instance.report_run_canceled(launched(instance, STATUS.NOT_STARTED))
    cursor = tick(instance)
    before = any_desk.place.tables()

    tick(instance, cursor)
    tick(instance, None)

    assert any_desk.place.tables() == before


def test_pages_follow_each_other_and_miss_none(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended_runs, "RUNS_A_PAGE", 3)
    runs = [launched(instance) for _ in range(8)]
    for run in runs:
        instance.report_run_failed(run)

    seen: set[str] = set()
    cursor = None
    for _ in range(5):
        page = EndedRuns.after(cursor, instance=instance)
        cursor = page.cursor
        seen |= {run.run_id for run in page.runs}

    assert seen == {run.run_id for run in runs}


def test_more_runs_of_one_moment_than_a_page_holds_do_not_keep_the_looks_from_going_on(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended_runs, "RUNS_A_PAGE", 3)
    runs = [launched(instance, STATUS.FAILURE) for _ in range(9)]
    moments = [*[datetime(2026, 3, 1, 12, 0, tzinfo=UTC)] * 8, datetime(2026, 3, 1, 12, 5, tzinfo=UTC)]
    for run, moment in zip(runs, moments, strict=True):
        update_at(instance, run, moment)

    seen: set[str] = set()
    cursor = datetime(2026, 3, 1, 11, 0, tzinfo=UTC).isoformat()
    for _ in range(4):
        page = EndedRuns.after(cursor, instance=instance)
        cursor = page.cursor
        seen |= {run.run_id for run in page.runs}

    assert seen == {run.run_id for run in runs}
    assert datetime.fromisoformat(cursor) > moments[0]


def update_at(instance: dg.DagsterInstance, run: dg.DagsterRun, moment: datetime) -> None:
    """Let Dagster's record of a run have changed last at a moment, as a migration or a bulk change sets it."""
    set_it = text("UPDATE runs SET update_timestamp = :at WHERE run_id = :of")
    with instance.run_storage.connect() as connection:  # type: ignore[attr-defined]  # every storage in SQL has it
        connection.execute(set_it, {"at": f"{moment:%Y-%m-%d %H:%M:%S.%f}", "of": run.run_id})


def test_a_look_goes_back_behind_the_last_one_but_never_behind_where_it_began(
    instance: dg.DagsterInstance,
) -> None:
    start = datetime.now(UTC) - timedelta(hours=1)

    nothing_new = EndedRuns.after(start.isoformat(), instance=instance)
    instance.report_run_failed(launched(instance))
    one_new = EndedRuns.after(nothing_new.cursor, instance=instance)

    assert datetime.fromisoformat(nothing_new.cursor) == start
    assert timedelta(0) < datetime.now(UTC) - datetime.fromisoformat(one_new.cursor) - timedelta(minutes=1)
    assert EndedRuns.after("no time", instance=instance).runs == one_new.runs


@pytest.mark.parametrize(("sensor", "status"), [(cancelled_runs, "cancelled"), (failed_runs, "failed")])
def test_a_sensor_settles_one_run_as_soon_as_it_has_ended(
    any_desk: Desk, instance: dg.DagsterInstance, sensor: dg.RunStatusSensorDefinition, status: str
) -> None:
    run, other = launched(instance), launched(instance)
    with closing(Ledger.open(any_desk.place.ledger_url)) as ledger:
        open_run(ledger.tenant("demo"), run_id=run.run_id)
        open_run(ledger.tenant("demo"), run_id=other.run_id, worker=GONE)
    first = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    (instance.report_run_canceled if status == "cancelled" else instance.report_run_failed)(run)

    context = dg.build_sensor_context(instance=instance, cursor=first.cursor)
    data = sensor.evaluate_tick(context)

    assert [reaction.error for reaction in data.dagster_run_reactions or []] == [None]
    found = rows(any_desk)
    assert found[run.run_id][0]["status"] == status
    assert found[other.run_id][0]["status"] == "queued"


def test_they_run_without_being_started_and_hear_of_runs_from_the_command_line() -> None:
    sensors = {sensor.name: sensor for sensor in defs.sensors or ()}

    names = ("runs_that_are_over", "cancelled_runs", "failed_runs")
    assert {sensors[name].default_status for name in names} == {dg.DefaultSensorStatus.RUNNING}
    assert sensors["runs_that_are_over"].minimum_interval_seconds == 30
