"""Builds that are killed or interrupted from outside, and what the next start of anything makes of them."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress

import dagster as dg
import pytest
from sqlalchemy.exc import SQLAlchemyError

from campaign_pipeline.building.reconciler import Reconciler
from campaign_pipeline.building.run_history import NoHistory
from campaign_pipeline.errors import CampaignError
from campaign_pipeline.storage import Ledger
from campaign_pipeline_tests.workplace import STEPS, Tables, Workplace, job_words

KEY = "demo/small"
OTHER = "demo/other"
PATIENCE_S = 60
SLOW = {"audio": {"provider": "synth", "duration_sec": 300}}
"""Music that takes seconds to make: long enough to be struck in the middle."""


def by_campaign_build(place: Workplace) -> "subprocess.Popen[str]":
    return place.start("campaign", "build", KEY)


def by_job_execute(place: Workplace) -> "subprocess.Popen[str]":
    return place.start("dagster", *job_words(tags={"dagster/partition": KEY}))


Start = Callable[[Workplace], "subprocess.Popen[str]"]


@contextmanager
def at_work(place: Workplace, start: Start) -> Iterator["subprocess.Popen[str]"]:
    """Start a build and wait until its music is being made; nothing of it outlives the context."""
    process = start(place)
    try:
        await_that(lambda: music_is_being_made(place), process)
        yield process
    finally:
        kill(process)


def kill(process: "subprocess.Popen[str]") -> None:
    """End a process without letting it do anything more."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def music_is_being_made(place: Workplace) -> bool:
    try:
        steps = place.tables().run_step
    except SQLAlchemyError:
        return False  # the tables are being made
    return any((step["step_id"], step["status"]) == ("bgm", "running") for step in steps)


def await_that(holds: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not holds():
        if process.poll() is not None or time.monotonic() > give_up_at:
            raise RuntimeError(f"it never came\n{process.communicate()[0]}")
        time.sleep(0.05)


def in_dagster(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Give the status of every run that Dagster knows."""
    monkeypatch.chdir(place.root)
    for name, value in place.env.items():
        monkeypatch.setenv(name, value)
    folder = place.env.get("DAGSTER_HOME", str(place.root))
    with dg.DagsterInstance.from_config(folder) as instance:
        return {run.run_id: run.status.value for run in instance.get_runs()}


def assert_nothing_is_left_running(tables: Tables) -> None:
    assert not {row["status"] for row in (*tables.run, *tables.run_step)} & {
        "queued",
        "running",
        "pending",
    }


@pytest.mark.parametrize(
    ("found", "start"),
    [
        ("workplace", by_campaign_build),
        ("workplace", by_job_execute),
        ("postgres_workplace", by_job_execute),
    ],
)
def test_a_build_that_was_killed_is_ended_by_the_next_start_of_anything_without_waiting(
    request: pytest.FixtureRequest, found: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    place: Workplace = request.getfixturevalue(found)
    place.write_brief(KEY, SLOW)
    place.write_brief(OTHER)
    with at_work(place, start) as process:
        kill(process)
    [before] = place.tables().run

    done = place.command("campaign", "build", OTHER)

    tables = place.tables()
    lost, built = tables.run
    assert done.returncode == 0, done.stdout + done.stderr
    assert before["status"] == "running"
    assert (lost["status"], built["status"]) == ("failed", "completed")
    assert lost["error"].startswith(f"RUN_LOST: process {process.pid} on ")
    assert tables.steps_of(lost["id"])["bgm"]["status"] == "failed"
    assert {row["error"] for row in tables.steps_of(lost["id"]).values() if row["error"]} == {lost["error"]}
    assert_nothing_is_left_running(tables)
    assert in_dagster(place, monkeypatch)[lost["id"]] == "FAILURE"


def test_showing_a_run_that_was_killed_ends_it(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace.write_brief(KEY, SLOW)
    with at_work(workplace, by_campaign_build) as process:
        living = workplace.command("campaign", "show", KEY, "--json")
        kill(process)

    shown = workplace.command("campaign", "show", KEY, "--json")

    assert json.loads(living.stdout)["run"]["status"] == "running"
    run = json.loads(shown.stdout)["run"]
    assert (run["status"], run["error"][:9]) == ("failed", "RUN_LOST:")
    assert in_dagster(workplace, monkeypatch)[run["id"]] == "FAILURE"


@pytest.mark.parametrize(
    ("start", "at"),
    [
        (by_campaign_build, signal.SIGINT),
        (by_job_execute, signal.SIGINT),
        (by_job_execute, signal.SIGTERM),
    ],
)
def test_ctrl_c_and_a_signal_to_end_are_told_at_once(
    workplace: Workplace, start: Start, at: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.write_brief(KEY, SLOW)
    with at_work(workplace, start) as process:
        process.send_signal(at)
        output = process.communicate(timeout=PATIENCE_S)[0]

    tables = workplace.tables()
    [run] = tables.run
    assert process.returncode == 1
    assert run["status"] == "failed"
    assert run["error"].startswith(f"CANCELLED: process {process.pid} on ")
    assert run["error"] in output
    assert_nothing_is_left_running(tables)
    assert in_dagster(workplace, monkeypatch) == {run["id"]: "FAILURE"}


def test_a_build_on_several_processes_is_not_taken_to_be_lost_between_them(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.write_brief(KEY)
    module = workplace.root / "on_processes.py"
    module.write_text(ON_PROCESSES)
    words = ("dagster", "job", "execute", "-f", str(module), "-j", "campaign_build", "--tags")
    tags = json.dumps({"dagster/partition": KEY})

    with ThreadPoolExecutor(1) as another:
        build = another.submit(workplace.command, *words, tags)
        while not build.done():
            reconcile_meanwhile(workplace)
    done = build.result()

    tables = workplace.tables()
    [run] = tables.run
    assert done.returncode == 0, done.stdout + done.stderr
    assert tables.statuses(run["id"]) == dict.fromkeys(STEPS, ("completed", False))
    assert len(processes_of_steps(workplace, run["id"], monkeypatch)) == len(STEPS)


ON_PROCESSES = """
import dagster as dg
from campaign_pipeline import definitions

ours = {name: getattr(definitions.defs, name) for name in ("assets", "jobs", "resources")}
defs = dg.Definitions(**ours, executor=dg.multiprocess_executor)
"""


def reconcile_meanwhile(place: Workplace) -> None:
    """Reconcile as others do who start something."""
    time.sleep(0.1)
    # The tables may be being made.
    with suppress(CampaignError), closing(Ledger.open(place.ledger_url)) as ledger:
        Reconciler(ledger, NoHistory()).reconcile()


def processes_of_steps(place: Workplace, run_id: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Tell in which processes Dagster has worked on a run's steps."""
    monkeypatch.chdir(place.root)
    started = dg.DagsterEventType.STEP_WORKER_STARTED
    with dg.DagsterInstance.from_config(str(place.root)) as instance:
        events = [entry.dagster_event for entry in instance.all_logs(run_id, of_type=started)]
    return {str(event.engine_event_data.metadata["pid"].value) for event in events if event is not None}
