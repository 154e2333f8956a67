"""The job that collects garbage, as Dagster runs it."""

import os
from contextlib import closing

import dagster as dg

from campaign_pipeline.storage import Ledger
from campaign_pipeline.storage.worker import Worker, this_host
from campaign_pipeline_tests.storage.building import open_run
from campaign_pipeline_tests.workplace import Desk, Workplace

KEY = "demo/small"


def test_the_job_collects_and_tells_the_counts(desk: Desk) -> None:
    from campaign_pipeline.definitions import defs  # noqa: PLC0415  Dagster is loaded for the tests that need it

    orphan = desk.place.blob("sha256:" + "ab" * 32)
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"orphan")
    os.utime(orphan, (0, 0))
    job = defs.resolve_job_def("campaign_gc")
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
    from campaign_pipeline.definitions import defs  # noqa: PLC0415  Dagster is loaded for the tests that need it

    gone = Worker(host=this_host(), pid=2**22 + 1, start_ticks=1)
    with closing(Ledger.open(desk.place.ledger_url)) as ledger:
        open_run(ledger.tenant("demo"), worker=gone)

    with dg.DagsterInstance.ephemeral() as instance:
        defs.resolve_job_def("campaign_gc").execute_in_process(instance=instance)

    [run] = desk.place.tables().run
    assert (run["status"], run["error"][:9]) == ("failed", "RUN_LOST:")


def test_the_job_runs_from_a_shell(workplace: Workplace) -> None:
    words = ("dagster", "job", "execute", "-m", "campaign_pipeline.definitions", "-j", "campaign_gc")

    done = workplace.command(*words)

    assert done.returncode == 0, done.stderr
    assert not workplace.store.exists()


def _told(result: dg.ExecuteInProcessResult, name: str) -> object:
    [output] = [event for event in result.events_for_node("collect_garbage") if event.is_successful_output]
    return output.step_output_data.metadata[name].value
