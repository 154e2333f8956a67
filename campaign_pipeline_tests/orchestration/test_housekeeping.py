"""The job that collects garbage, as Dagster runs it."""

import os

import dagster as dg

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


def test_the_job_runs_from_a_shell(workplace: Workplace) -> None:
    words = ("dagster", "job", "execute", "-m", "campaign_pipeline.definitions", "-j", "campaign_gc")

    done = workplace.command(*words)

    assert done.returncode == 0, done.stderr
    assert not workplace.store.exists()


def _told(result: dg.ExecuteInProcessResult, name: str) -> object:
    [output] = [event for event in result.events_for_node("collect_garbage") if event.is_successful_output]
    return output.step_output_data.metadata[name].value
