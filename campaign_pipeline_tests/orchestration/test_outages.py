"""Dagster's own storage fails: what a person reads, and what is left in the ledger."""

import json
import sqlite3
from typing import Any

import dagster as dg
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.orchestration.failures import as_failure, words_of
from campaign_pipeline.orchestration.outages import as_outage
from campaign_pipeline_tests.workplace import Desk

KEY = "demo/small"
CLOSED = "server closed the connection unexpectedly"
OUTAGE = f"LEDGER_UNAVAILABLE: Dagster's storage cannot be used: {CLOSED}; check that the storage which dagster.yaml"
ALL_MADE = ("completed", False)


class DagsterPostgresException(Exception):  # noqa: N818  named as Dagster's own, by which it is known
    """What Dagster's Postgres storage raises after its last attempt."""


def outage(said: str = CLOSED) -> OperationalError:
    """Give what Dagster's storage raises when its database goes away."""
    return OperationalError("INSERT INTO event_logs", {"secret": 1}, sqlite3.OperationalError(said))


@pytest.fixture
def fail_at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let Dagster's storage fail whenever it is to record one kind of event of one step."""

    def fail(event: str, step: str | None) -> None:
        handle = dg.DagsterInstance.handle_new_event

        def failing(instance: dg.DagsterInstance, entry: Any, **options: Any) -> None:
            told = entry.dagster_event
            if told is not None and (told.event_type_value, told.step_key) == (event, step):
                raise outage()
            handle(instance, entry, **options)

        monkeypatch.setattr(dg.DagsterInstance, "handle_new_event", failing)

    return fail


def test_a_result_that_dagster_cannot_record_stays_and_what_waits_for_it_says_why(
    desk: Desk, fail_at: Any
) -> None:
    desk.place.write_brief(KEY)
    fail_at("STEP_SUCCESS", "bgm")

    result = desk.campaign("build", KEY)

    tables = desk.place.tables()
    [run] = tables.run
    assert result.exit_code == 1
    assert run["status"] == "failed"
    assert run["error"].startswith(
        "LEDGER_UNAVAILABLE: bgm was made, but the run could not go on from it: "
        f"Dagster's storage cannot be used: {CLOSED}; check that"
    )
    assert tables.statuses(run["id"])["bgm"] == ALL_MADE
    assert tables.steps_of(run["id"])["game_bundle"]["error"] == run["error"]
    assert run["error"] in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("event", "step"), [("STEP_SUCCESS", "campaign_manifest"), ("PIPELINE_SUCCESS", None)]
)
def test_a_campaign_that_was_built_while_dagster_failed_says_both(
    desk: Desk, fail_at: Any, event: str, step: str | None
) -> None:
    desk.place.write_brief(KEY)
    fail_at(event, step)

    people = desk.campaign("build", KEY)
    scripts = desk.campaign("build", KEY, "--json")

    told = json.loads(scripts.stdout)
    words = "the campaign was built and can be played, but its run failed in Dagster: "
    assert (people.exit_code, scripts.exit_code) == (1, 1)
    assert people.stderr.startswith(words + OUTAGE)
    assert people.stderr.count("\n") == 1
    assert (told["run"]["status"], told["run"]["error"]) == ("completed", None)
    assert told["failure"].startswith(OUTAGE)


def test_a_run_that_dagster_cannot_even_begin_is_told_in_one_line(desk: Desk, fail_at: Any) -> None:
    desk.place.write_brief(KEY)
    fail_at("PIPELINE_START", None)

    people = desk.campaign("build", KEY)
    scripts = desk.campaign("build", KEY, "--json")

    assert (people.exit_code, people.stdout) == (1, "")
    assert people.stderr.startswith(OUTAGE)
    assert people.stderr.count("\n") == 1
    assert json.loads(scripts.stdout) == {"run": None, "failure": people.stderr.strip()}


def test_a_build_that_went_well_says_to_scripts_that_nothing_failed(desk: Desk) -> None:
    desk.place.write_brief(KEY)

    built = desk.campaign("build", KEY, "--json")

    assert json.loads(built.stdout)["failure"] is None


def test_an_outage_is_worded_by_its_first_line_and_without_a_password() -> None:
    found = as_outage(outage("no route to postgresql://me:s3cret@db/x\nIs the server running?"))

    assert found is not None
    assert found.retryable
    assert found.message.startswith(
        "Dagster's storage cannot be used: no route to postgresql://…@db/x; check that"
    )


def test_what_dagsters_storage_gives_up_on_is_worded_by_what_the_database_said() -> None:
    gave_up = DagsterPostgresException("too many retries for DB connection")
    gave_up.__cause__ = outage()
    wrapped = dg.DagsterError("while the run was recorded")
    wrapped.__cause__ = gave_up

    assert words_of(wrapped).startswith(OUTAGE)


def test_an_outage_in_a_step_may_be_tried_again_and_has_its_code() -> None:
    failure = as_failure(outage())

    assert (failure.allow_retries, failure.metadata["code"].value) == (True, "LEDGER_UNAVAILABLE")


def test_the_ledgers_own_outage_keeps_its_words() -> None:
    ours = CampaignError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger x cannot be used")
    ours.__cause__ = outage()
    wrapped = dg.DagsterError("while a resource was opened")
    wrapped.__cause__ = ours

    assert as_outage(wrapped) is None
    assert words_of(wrapped) == str(ours)


def test_a_mistake_is_no_outage() -> None:
    assert as_outage(IntegrityError("INSERT", {}, sqlite3.IntegrityError("not unique"))) is None
