"""Ctrl-C, a cancel and a signal: wherever they strike, the run ends at once, in Dagster and in the ledger."""

import os
import signal
from collections.abc import Callable
from contextlib import closing
from typing import Any

import dagster as dg
import pytest

from campaign_pipeline.building.builder import Builder
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.orchestration.instance import opened_instance
from campaign_pipeline.providers.audio import GeneratedAudio
from campaign_pipeline.providers.stub import StubAudioModel
from campaign_pipeline.storage import Ending, Ledger, LocalArtifactStore, RunStatus
from campaign_pipeline_tests.workplace import STEPS, Desk, Row

KEY = "demo/small"
INTERRUPTED = f"CANCELLED: process {os.getpid()} on "


def interrupt(at: signal.Signals = signal.SIGINT) -> None:
    """Do what a terminal does at Ctrl-C."""
    signal.raise_signal(at)


def interrupted_build(desk: Desk) -> tuple[Row, dict[str, tuple[str, bool]], str]:
    """Build what is interrupted, and give run, steps and Dagster's status."""
    desk.place.write_brief(KEY)
    result = desk.campaign("build", KEY)
    assert result.exit_code == 1
    tables = desk.place.tables()
    [run] = tables.run
    assert run["error"] in result.output
    with opened_instance() as instance:
        recorded = instance.get_run_by_id(run["id"])
    assert recorded is not None
    return run, tables.statuses(run["id"]), recorded.status.value


def strike_in_the_music(
    monkeypatch: pytest.MonkeyPatch, strike: Callable[[], None] = interrupt
) -> list[AudioRequest]:
    """Strike while the provider works; gives the calls."""
    calls: list[AudioRequest] = []

    def generate(_model: StubAudioModel, request: AudioRequest) -> GeneratedAudio:
        calls.append(request)
        strike()
        raise AssertionError("nothing was interrupted")

    monkeypatch.setattr(StubAudioModel, "generate", generate)
    return calls


def strike_at(monkeypatch: pytest.MonkeyPatch, event_type: str, *, step: str | None = None) -> None:
    """Strike between two steps, as Dagster writes an event down: it waits with that until the next step begins."""
    handle = dg.DagsterInstance.handle_new_event

    def handle_and_strike(instance: dg.DagsterInstance, event: Any, **options: Any) -> None:
        handle(instance, event, **options)
        found = event.dagster_event
        if found is not None and (found.event_type_value, found.step_key) == (event_type, step):
            interrupt()

    monkeypatch.setattr(dg.DagsterInstance, "handle_new_event", handle_and_strike)


@pytest.mark.parametrize("at", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_a_step_works_ends_the_run_at_once(
    any_desk: Desk, monkeypatch: pytest.MonkeyPatch, at: signal.Signals
) -> None:
    calls = strike_in_the_music(monkeypatch, lambda: interrupt(at))

    run, steps, in_dagster = interrupted_build(any_desk)

    assert len(calls) == 1
    assert (run["status"], in_dagster) == ("failed", "FAILURE")
    assert run["error"].startswith(INTERRUPTED)
    assert steps["bgm"] == ("failed", False)
    assert steps["game_bundle"] == steps["campaign_manifest"] == ("skipped", False)


def test_a_build_that_was_interrupted_leaves_no_lease(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        strike_in_the_music(patched)
        interrupted_build(desk)

    run = desk.build(KEY)

    assert run["status"] == "completed"


@pytest.mark.parametrize("place", ["output", "input"])
def test_an_interrupt_while_a_result_is_written_or_read_ends_the_run_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    method = {"output": "publish", "input": "load"}[place]

    def strike(*_arguments: Any, **_options: Any) -> None:
        interrupt()

    monkeypatch.setattr(Builder, method, strike)

    run, steps, in_dagster = interrupted_build(desk)

    assert (run["status"], in_dagster) == ("failed", "FAILURE")
    assert run["error"].startswith(INTERRUPTED)
    assert not {"running", "pending"} & {status for status, _ in steps.values()}


def test_an_interrupt_between_two_steps_ends_the_run_at_once(
    any_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    strike_at(monkeypatch, "STEP_START", step="game_bundle")

    run, steps, in_dagster = interrupted_build(any_desk)

    assert (run["status"], in_dagster) == ("failed", "FAILURE")
    assert run["error"].startswith(INTERRUPTED)
    assert steps == {
        **dict.fromkeys(("game_config", "bgm"), ("completed", False)),
        **dict.fromkeys(("game_bundle", "campaign_manifest"), ("skipped", False)),
    }


def test_an_interrupt_before_the_first_step_is_told_in_the_tables_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    strike_at(monkeypatch, "PIPELINE_START")

    run, steps, in_dagster = interrupted_build(desk)

    assert (run["status"], in_dagster) == ("failed", "FAILURE")
    assert run["error"].startswith(
        'CANCELLED: Execution of run for "campaign_build" failed. Execution was interr'
    )
    assert steps == dict.fromkeys(STEPS, ("skipped", False))


@pytest.mark.parametrize("forced", [False, True], ids=["asked", "forced"])
def test_a_run_that_somebody_asked_dagster_to_cancel_is_cancelled(
    any_desk: Desk, monkeypatch: pytest.MonkeyPatch, *, forced: bool
) -> None:
    def cancel() -> None:
        """Do what Dagster's UI does: tell the record, then the process."""
        with opened_instance() as instance:
            [run] = instance.get_runs()
            instance.report_run_canceling(run)
            if forced:
                instance.report_run_canceled(run)
        interrupt()

    strike_in_the_music(monkeypatch, cancel)

    run, steps, in_dagster = interrupted_build(any_desk)

    assert (run["status"], in_dagster) == ("cancelled", "CANCELED")
    assert run["error"].startswith(INTERRUPTED)
    assert steps["bgm"] == ("failed", False)
    assert steps["campaign_manifest"] == ("skipped", False)


def test_a_run_that_was_ended_while_its_process_worked_records_nothing_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = LocalArtifactStore.put

    def lose_the_run(store: LocalArtifactStore, data: Any) -> Any:
        stored = put(store, data)
        [run] = desk.place.tables().run
        if run["status"] == "running":
            end_from_outside(desk, run["id"])
        return stored

    monkeypatch.setattr(LocalArtifactStore, "put", lose_the_run)

    run, steps, in_dagster = interrupted_build(desk)

    assert (run["status"], run["error"], in_dagster) == ("failed", "RUN_LOST: taken to be lost", "FAILURE")
    assert {status for status, _ in steps.values()} == {"failed", "skipped"}
    assert desk.place.tables().artifact == []


def end_from_outside(desk: Desk, run_id: str) -> None:
    """End a run as a reconciler would that takes its process to be lost."""
    with closing(Ledger.open(desk.place.ledger_url)) as ledger:
        house = ledger.housekeeping("reconcile")
        found = house.find_run(run_id)
        assert found is not None
        lost = Ending(status=RunStatus.FAILED, error="RUN_LOST: taken to be lost")
        house.end_run(found, judge=lambda _: lost)
