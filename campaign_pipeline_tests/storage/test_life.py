"""Signs of life on a run: written by the process that works on it, taken off when it ends its part."""

import os
from dataclasses import replace

from campaign_pipeline.storage import Ledger, RunRecord
from campaign_pipeline.storage.worker import Worker, this_worker
from campaign_pipeline_tests.storage.building import ALL_STEPS, begin, open_run, produce

ELSEWHERE = Worker(host="another-host", pid=7, start_ticks=7)


def test_a_run_opens_with_the_process_that_works_on_it_and_the_time(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")

    opened = open_run(tenant, worker=this_worker())

    assert named(opened) == named_as(this_worker())
    assert opened.heartbeat_at is not None


def test_a_run_that_nobody_works_on_opens_with_a_time_and_no_process(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")

    opened = open_run(tenant)

    assert named(opened) == (None, None, None)
    assert opened.heartbeat_at is not None


def test_a_beat_renews_the_time_and_puts_this_process_on_the_run(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    before = open_run(tenant, worker=ELSEWHERE)

    alive = tenant.beat(before.id)

    after = tenant.run(before.id)
    assert after is not None
    assert before.heartbeat_at is not None
    assert after.heartbeat_at is not None
    assert alive
    assert after.heartbeat_at > before.heartbeat_at
    assert named(after) == named_as(this_worker())


def test_a_beat_for_a_run_that_has_ended_or_is_another_tenant_s_changes_nothing(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    ended, others = open_run(tenant), open_run(ledger.tenant("acme"))
    for step_id in ALL_STEPS:
        produce(tenant, ended, step_id)
    before = [tenant.run(ended.id), ledger.tenant("acme").run(others.id)]

    alive = [tenant.beat(ended.id), tenant.beat(others.id)]

    assert alive == [False, False]
    assert [tenant.run(ended.id), ledger.tenant("acme").run(others.id)] == before


def test_a_process_that_ends_its_part_takes_its_name_off_a_run_that_goes_on(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")

    goes_on = tenant.step_back(run.id)

    after = tenant.run(run.id)
    assert after is not None
    assert goes_on
    assert named(after) == (None, None, None)


def test_a_process_takes_no_other_s_name_off_a_run_nor_its_own_off_one_that_has_ended(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    others, ended = open_run(tenant, worker=ELSEWHERE), open_run(tenant)
    reused_id = open_run(tenant, worker=replace(this_worker(), start_ticks=1))
    for step_id in ALL_STEPS:
        produce(tenant, ended, step_id)

    goes_on = [tenant.step_back(run.id) for run in (others, ended, reused_id)]

    assert goes_on == [False, False, False]
    runs = [tenant.run(run.id) for run in (others, ended, reused_id)]
    assert [run and run.worker_pid for run in runs] == [7, os.getpid(), os.getpid()]


def named(run: RunRecord) -> tuple[str | None, int | None, int | None]:
    return run.worker_host, run.worker_pid, run.worker_start_ticks


def named_as(worker: Worker) -> tuple[str | None, int | None, int | None]:
    return worker.host, worker.pid, worker.start_ticks
