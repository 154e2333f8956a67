"""Looking things up, on both databases: the right row, and never another tenant's."""

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, text

from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.storage import Ledger
from campaign_pipeline_tests.storage.building import artifact_of, begin, entry_for, open_run, produce, reuse


def test_what_a_step_came_to_is_found_by_the_run_that_made_or_reused_it(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    first = open_run(tenant)
    made = produce(tenant, first, "bgm")
    second = open_run(tenant)
    reuse(tenant, second, "bgm", artifact_id=made.id)
    config = produce(tenant, second, "game_config")

    found = tenant.step_artifacts(second.id)

    assert found == {"bgm": made, "game_config": config}
    assert tenant.step_artifact(second.id, "bgm") == made
    assert tenant.step_artifact(first.id, "game_config") is None
    assert tenant.artifact(made.id) == made
    assert tenant.artifacts(first.id) == [made]


def test_the_newest_artifact_of_a_campaign_s_step_is_the_one_made_or_reused_last(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    old = produce(tenant, open_run(tenant), "bgm", data=b"old")
    time.sleep(0.002)  # SQLite's clock counts milliseconds
    newer = produce(tenant, open_run(tenant), "bgm", data=b"newer")
    time.sleep(0.002)
    produce(tenant, open_run(tenant, campaign_id="winter"), "bgm", data=b"of another campaign")
    before = tenant.newest_artifact("summer", "bgm")
    reuse(tenant, open_run(tenant), "bgm", artifact_id=old.id)

    after = tenant.newest_artifact("summer", "bgm")

    assert (before, after) == (newer, old)


def test_a_failed_step_is_nobody_s_newest_result(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    run = open_run(tenant)
    begin(tenant, run, "bgm")
    tenant.fail_step(run.id, "bgm", error="GENERATION_FAILED: no")

    assert tenant.newest_artifact("summer", "bgm") is None
    assert tenant.recent_reads("summer", "bgm") == []
    assert tenant.read_in(run.id, "bgm") is None


def test_a_campaign_s_last_ten_results_tell_what_they_were_made_from_the_newest_first(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    runs = [open_run(tenant) for _ in range(12)]
    for bpm, run in enumerate(runs):
        begin(tenant, run, "bgm")
        told = {"read": {"bpm": bpm}} if bpm != 11 else {}
        tenant.publish(
            run.id, "bgm", artifact=artifact_of("bgm"), cache=None, duration_ms=1, diagnostics=told
        )
        time.sleep(0.002)  # SQLite's clock counts milliseconds
    open_run(tenant)

    recent = tenant.recent_reads("summer", "bgm")

    assert recent == [{}, *({"bpm": bpm} for bpm in range(10, 1, -1))]
    assert tenant.read_in(runs[0].id, "bgm") == {"bpm": 0}
    assert tenant.read_in(runs[11].id, "bgm") is None


def test_an_entry_tells_how_long_its_result_took_to_make_as_long_as_that_is_known(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    entry = entry_for(tenant, "bgm")
    produce(tenant, open_run(tenant), "bgm", cache=entry)
    known = tenant.cache_entry(entry.cache_key)
    with ledger._database.write_as_login() as connection:
        connection.execute(text("DELETE FROM run_step"))

    trimmed = tenant.cache_entry(entry.cache_key)

    assert known is not None
    assert known.made_in_ms == 12
    assert trimmed is not None
    assert (trimmed.made_in_ms, trimmed.artifact) == (None, known.artifact)


def test_nothing_is_found_across_tenants_but_in_housekeeping(ledger: Ledger) -> None:
    acme, demo = ledger.tenant("acme"), ledger.tenant("demo")
    run = open_run(acme)
    entry = entry_for(acme, "bgm")
    made = produce(acme, run, "bgm", cache=entry)

    assert demo.run(run.id) is None
    assert demo.newest_run("summer") is None
    assert demo.steps(run.id) == []
    assert demo.artifact(made.id) is None
    assert demo.artifacts(run.id) == []
    assert demo.step_artifact(run.id, "bgm") is None
    assert demo.step_artifacts(run.id) == {}
    assert demo.newest_artifact("summer", "bgm") is None
    assert demo.recent_reads("summer", "bgm") == []
    assert demo.read_in(run.id, "bgm") is None
    assert demo.cache_entry(entry.cache_key) is None
    found = ledger.housekeeping("show").find_run(run.id)
    assert found is not None
    assert found.tenant_id == "acme"


def test_a_run_of_another_tenant_cannot_be_opened_or_written(ledger: Ledger) -> None:
    acme, demo = ledger.tenant("acme"), ledger.tenant("demo")
    run = open_run(acme)

    for act in (
        lambda: open_run(demo, run_id=run.id),
        lambda: demo.freeze_trigger(run.id, {}),
        lambda: demo.refuse_run(run.id, "VALIDATION_ERROR: no"),
        lambda: demo.fail_step(run.id, "bgm", error="X"),
        lambda: begin(demo, run, "bgm"),
    ):
        with pytest.raises(CampaignError, match=r"of tenant demo|tenant demo has no such run"):
            act()

    assert acme.run(run.id) == run


def test_a_forged_key_cannot_replace_another_tenant_s_entry(ledger: Ledger) -> None:
    acme, demo = ledger.tenant("acme"), ledger.tenant("demo")
    entry = entry_for(acme, "bgm")
    theirs = produce(acme, open_run(acme), "bgm", cache=entry)

    produce(demo, open_run(demo), "bgm", data=b"poison", cache=entry)

    kept = acme.cache_entry(entry.cache_key)
    assert kept is not None
    assert kept.artifact == theirs


def test_an_entry_without_lifetime_never_expires_and_one_with_it_does(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    forever, brief = (
        entry_for(tenant, "bgm"),
        entry_for(tenant, "game_config", lifetime=timedelta(milliseconds=1)),
    )
    run = open_run(tenant)
    produce(tenant, run, "bgm", cache=forever)
    produce(tenant, run, "game_config", cache=brief)
    time.sleep(0.01)

    kept, gone = tenant.cache_entry(forever.cache_key), tenant.cache_entry(brief.cache_key)

    assert kept is not None
    assert (kept.expired, kept.expires_at) == (False, None)
    assert gone is not None
    assert gone.expired
    assert gone.expires_at == gone.created_at + timedelta(milliseconds=1)


def test_publishing_again_under_a_key_repairs_its_entry(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    produce(tenant, open_run(tenant), "bgm", cache=entry_for(tenant, "bgm", lifetime=timedelta(0)))
    again = entry_for(tenant, "bgm", lifetime=timedelta(hours=1))

    made = produce(tenant, open_run(tenant), "bgm", cache=again)

    kept = tenant.cache_entry(again.cache_key)
    assert kept is not None
    assert (kept.artifact, kept.expired) == (made, False)


def test_a_run_only_entry_is_found_by_its_root_run_alone(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    root, stranger = str(uuid4()), str(uuid4())
    mine = entry_for(tenant, "bgm", scope="run_only", root_run_id=root)
    made = produce(tenant, open_run(tenant, run_id=root), "bgm", cache=mine)
    theirs = entry_for(tenant, "bgm", scope="run_only", root_run_id=stranger)

    found = tenant.cache_entry(mine.cache_key)

    assert found is not None
    assert (found.artifact, found.scope) == (made, "run_only")
    assert tenant.cache_entry(theirs.cache_key) is None
    assert tenant.cache_entry(entry_for(tenant, "bgm").cache_key) is None


def test_an_entry_whose_artifact_s_row_is_gone_says_so(ledger: Ledger) -> None:
    tenant = ledger.tenant("demo")
    entry = entry_for(tenant, "bgm")
    produce(tenant, open_run(tenant), "bgm", cache=entry)
    with ledger._database.write_as_login() as connection:
        connection.execute(text("DELETE FROM artifact"))

    found = tenant.cache_entry(entry.cache_key)

    assert found is not None
    assert found.artifact is None


def test_a_tenant_without_a_name_is_refused(ledger: Ledger) -> None:
    with pytest.raises(CampaignError, match="tenant: nothing found"):
        ledger.tenant("")


def test_every_look_up_of_a_build_goes_by_an_index_that_leads_to_little_more_than_it_returns(
    sqlite_url: str,
) -> None:
    """SQLite counts no rows before it chooses: its plans are the same on a ledger of any size."""
    with closing(Ledger.open(sqlite_url)) as ledger, _plans(ledger) as plans:
        tenant, run_id = ledger.tenant("demo"), str(uuid4())
        tenant.run(run_id)
        tenant.newest_run("summer")
        tenant.first_built_at("summer")
        tenant.steps(run_id)
        tenant.step_artifact(run_id, "bgm")
        tenant.step_artifacts(run_id)
        tenant.read_in(run_id, "bgm")
        tenant.artifact(run_id)
        tenant.artifacts(run_id)
        tenant.newest_artifact("summer", "bgm")
        tenant.recent_reads("summer", "bgm")
        tenant.cache_entry(content_hash(b"key"))

    narrow = re.compile(
        r"SEARCH \w+ USING INDEX \w+ "
        r"\(((id|cache_key|run_id)=\?.*|tenant_id=\? AND campaign_id=\?( AND step_id=\?)?)\)"
    )
    wide = [plan for plan in plans if "SEARCH" in plan or "SCAN" in plan if not narrow.match(plan)]
    sorted_whole = [plan for plan in plans if "B-TREE" in plan]
    assert len(plans) >= 12
    assert wide == []
    # A run's own artifacts, which are few.
    assert sorted_whole == ["USE TEMP B-TREE FOR ORDER BY"]


@contextmanager
def _plans(ledger: Ledger) -> Iterator[list[str]]:
    """Note how SQLite goes about each statement."""
    plans: list[str] = []

    def explain(_connection: object, cursor: Any, sql: str, values: Any, *_rest: object) -> None:
        if sql.startswith("SELECT"):
            plans.extend(row[-1] for row in cursor.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values))

    engine = ledger._database._engine
    event.listen(engine, "before_cursor_execute", explain)
    yield plans
    event.remove(engine, "before_cursor_execute", explain)
