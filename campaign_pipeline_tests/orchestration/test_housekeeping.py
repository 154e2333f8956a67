"""The job that collects garbage, as Dagster runs it."""

import os
from contextlib import closing

import dagster as dg
import pytest

from campaign_pipeline.building.collection import Collection
from campaign_pipeline.building.collector import Collector
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.storage import Ledger
from campaign_pipeline.storage.worker import Worker, this_host
from campaign_pipeline_tests.storage.building import open_run
from campaign_pipeline_tests.workplace import Desk, Workplace, job_words

KEY = "demo/small"


def test_the_job_collects_and_tells_the_counts(desk: Desk) -> None:
    orphan = desk.place.blob("sha256:" + "ab" * 32)
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"orphan")
    os.utime(orphan, (0, 0))
    job = _job()
    dry = {"ops": {"collect_garbage": {"config": {"dry_run": True}}}}

    with dg.DagsterInstance.ephemeral() as instance:
        rehearsed = job.execute_in_process(instance=instance, run_config=dry)
        stayed = orphan.exists()
        collected = job.execute_in_process(instance=instance)

    assert stayed
    assert not orphan.exists()
    assert (_told(rehearsed, "blobs"), _told(rehearsed, "dry_run")) == (1, True)
    assert (_told(collected, "blobs"), _told(collected, "bytes_freed")) == (1, 6)
    # A run of housekeeping is no build: the ledger knows nothing of it.
    assert desk.place.tables().run == []


def test_the_job_ends_lost_runs_first(desk: Desk) -> None:
    _lose_a_run(desk)

    with dg.DagsterInstance.ephemeral() as instance:
        _job().execute_in_process(instance=instance)

    [run] = desk.place.tables().run
    assert (run["status"], run["error"][:9]) == ("failed", "RUN_LOST:")


def test_a_dry_run_ends_no_lost_run(desk: Desk) -> None:
    _lose_a_run(desk)

    with dg.DagsterInstance.ephemeral() as instance:
        _job().execute_in_process(
            instance=instance, run_config={"ops": {"collect_garbage": {"config": {"dry_run": True}}}}
        )

    [run] = desk.place.tables().run
    assert (run["status"], run["error"]) == ("queued", None)


@pytest.mark.parametrize(("retryable", "attempts"), [(True, 3), (False, 1)])
def test_a_failure_has_its_code_and_is_tried_again_where_that_can_help(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, retryable: bool, attempts: int
) -> None:
    calls = _fail_with(
        monkeypatch, CampaignError(ErrorCode.STORE_UNAVAILABLE, "no such disk", retryable=retryable)
    )

    with dg.DagsterInstance.ephemeral() as instance:
        result = _job().execute_in_process(instance=instance, raise_on_error=False)

    told = result.failure_data_for_node("collect_garbage")
    assert desk.place.tables().run == []
    assert len(calls) == attempts
    assert told is not None
    assert told.user_failure_data is not None
    assert told.user_failure_data.description == "STORE_UNAVAILABLE: no such disk"
    assert told.user_failure_data.metadata["code"].value == "STORE_UNAVAILABLE"


@pytest.mark.usefixtures("desk")
def test_an_interrupt_stops_the_job_and_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _fail_with(monkeypatch, dg.DagsterExecutionInterruptedError())

    with dg.DagsterInstance.ephemeral() as instance:
        result = _job().execute_in_process(instance=instance, raise_on_error=False)

    assert (result.success, len(calls)) == (False, 1)


def test_the_job_runs_from_a_shell(workplace: Workplace) -> None:
    done = workplace.command("dagster", *job_words("campaign_gc"))

    assert done.returncode == 0, done.stderr
    assert not workplace.store.exists()


def _job() -> dg.JobDefinition:
    from campaign_pipeline.definitions import defs  # noqa: PLC0415  Dagster is loaded for the tests that need it

    return defs.resolve_job_def("campaign_gc")


def _lose_a_run(desk: Desk) -> None:
    gone = Worker(host=this_host(), pid=2**22 + 1, start_ticks=1)
    with closing(Ledger.open(desk.place.ledger_url)) as ledger:
        open_run(ledger.tenant("demo"), worker=gone)


def _fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> list[Collector]:
    """Let every collection fail, and list them."""
    calls: list[Collector] = []

    def fail(collector: Collector) -> Collection:
        calls.append(collector)
        raise error

    monkeypatch.setattr(Collector, "collect", fail)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    return calls


def _told(result: dg.ExecuteInProcessResult, name: str) -> object:
    [output] = [event for event in result.events_for_node("collect_garbage") if event.is_successful_output]
    return output.step_output_data.metadata[name].value
