"""`campaign gc`, over a real build."""

import io
import json
import os
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console
from sqlalchemy import update

from campaign_pipeline.building.collection import Collection
from campaign_pipeline.storage import Ledger
from campaign_pipeline.storage.scopes import Scope
from campaign_pipeline.storage.tables import RUN, RUN_STEP
from campaign_pipeline.storage.worker import Worker, this_host
from campaign_pipeline.terminal.housekeeping import show_collection
from campaign_pipeline_tests.storage.building import open_run
from campaign_pipeline_tests.workplace import Desk

KEY = "demo/small"
LONG_AGO = timedelta(days=100)


def test_a_dry_run_tells_what_would_go_and_the_real_one_takes_it(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    any_desk.build(KEY)
    orphan = _orphan(any_desk)
    before = any_desk.place.blobs()

    dry = any_desk.campaign("gc", "--dry-run")
    untouched = any_desk.place.blobs()
    done = any_desk.campaign("gc", "--json")

    assert dry.exit_code == done.exit_code == 0, dry.output + done.output
    assert "dry run: nothing was changed" in dry.output
    assert dry.output.splitlines()[1:] == [
        "in the store: 1 blob that nothing refers to",
        "6 bytes would be freed; 8 blobs would stay",
    ]
    assert untouched == before
    assert json.loads(done.output) == {
        "dry_run": False,
        "tenant_id": None,
        "cache_entries": 0,
        "provider_answers": 0,
        "leases": 0,
        "runs_trimmed": 0,
        "artifacts": 0,
        "runs": 0,
        "blobs": 1,
        "unfinished": 0,
        "quarantined": 0,
        "bytes_freed": 6,
        "blobs_kept": 8,
    }
    assert set(before) - set(any_desk.place.blobs()) == {orphan}


def test_after_a_collection_everything_is_still_reused(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    any_desk.build(KEY)
    _grow_old(any_desk)

    any_desk.campaign("gc")
    run = any_desk.build(KEY)

    assert {cache_hit for _, cache_hit in any_desk.place.tables().statuses(run["id"]).values()} == {True}


def test_a_trimmed_run_is_still_shown_and_says_that_it_was_trimmed(
    any_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_RETENTION", "90d")
    any_desk.place.write_brief(KEY)
    old = any_desk.build(KEY)
    _grow_old(any_desk)
    any_desk.build(KEY, "--set", "campaign_name=Newer")

    done = any_desk.campaign("gc")
    shown = any_desk.campaign("show", old["id"])
    told = json.loads(any_desk.campaign("show", old["id"], "--json").output)

    assert "past CAMPAIGN_RETENTION: 1 run trimmed" in done.output
    assert shown.exit_code == 0, shown.output
    assert "trimmed" in shown.output
    assert "made:" not in shown.output, "why is no longer known"
    assert "audio/bgm" in shown.output
    assert told["run"]["trimmed_at"]
    assert [step["status"] for step in told["steps"]] == ["completed"] * 4


def test_a_dry_run_tells_of_lost_runs_and_leaves_them(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    any_desk.build(KEY)
    _lose_a_run(any_desk)

    dry = any_desk.campaign("gc", "--dry-run", "--json")
    left = any_desk.place.tables().run[-1]["status"]
    any_desk.campaign("gc")

    assert dry.exit_code == 0
    assert json.loads(dry.stdout)["dry_run"]
    assert dry.stderr.startswith("1 lost run would be ended first; ")
    assert left == "queued"
    assert any_desk.place.tables().run[-1]["status"] == "failed"


def test_what_cannot_be_meant_is_refused(desk: Desk) -> None:
    grace = desk.campaign("gc", "--grace", "0s")
    tenant = desk.campaign("gc", "--tenant", "../demo")

    assert (grace.exit_code, tenant.exit_code) == (1, 1)
    assert "a duration such as 90d, 12h, 45m or 2w, 1m at least, is expected" in grace.output
    assert "--tenant: '../demo' found" in tenant.output


def test_a_tenant_that_the_ledger_does_not_know_is_refused(any_desk: Desk) -> None:
    any_desk.place.write_brief(KEY)
    Ledger.open(any_desk.place.ledger_url).close()
    early = any_desk.campaign("gc", "--tenant", "demo")
    any_desk.build(KEY)
    orphan = _orphan(any_desk)

    slip = any_desk.campaign("gc", "--tenant", "dema", "--json")
    other = any_desk.campaign("gc", "--tenant", "nosuch")

    assert {early.exit_code, slip.exit_code, other.exit_code} == {1}
    refused = "VALIDATION_ERROR: --tenant: {!r} found; no row of the ledger is of that tenant; {}\n"
    assert early.stderr == refused.format("demo", "it is empty")
    assert slip.stderr == refused.format("dema", "did you mean demo?")
    assert other.stderr == refused.format("nosuch", "it has rows of demo")
    assert slip.stdout == ""
    assert orphan in any_desk.place.blobs()


def test_where_there_is_nothing_to_collect_it_says_so(desk: Desk) -> None:
    Ledger.open(desk.place.ledger_url).close()
    empty = desk.campaign("gc")
    desk.place.write_brief(KEY)
    desk.build(KEY)

    built = desk.campaign("gc", "--tenant", "demo")
    dry = desk.campaign("gc", "--dry-run")

    assert empty.output == "nothing to collect; the store holds no blob\n"
    kept = "all is in use, kept, or too young; 8 blobs in the store\n"
    assert built.output == f"nothing to collect of tenant demo: {kept}"
    assert dry.output == f"dry run: nothing to collect: {kept}"


def test_every_kind_of_thing_that_went_is_told_in_words() -> None:
    told = Console(file=io.StringIO(), width=140)
    went = Collection(
        dry_run=False,
        tenant_id=None,
        cache_entries=1,
        provider_answers=2,
        leases=1,
        runs_trimmed=1,
        artifacts=8,
        runs=2,
        blobs=1200,
        unfinished=1,
        quarantined=2,
        bytes_freed=2_500_000,
        blobs_kept=1,
    )

    show_collection(told, went)

    assert isinstance(told.file, io.StringIO)
    assert told.file.getvalue().splitlines() == [
        "this was collected",
        "expired or left behind: 1 reusable result, 2 providers' answers, 1 result that nobody came for",
        "past CAMPAIGN_RETENTION: 2 runs, 1 run trimmed, 8 artifacts",
        "in the store: 1,200 blobs that nothing refers to, 1 file never finished, 2 damaged files that were replaced",
        "2.50 MB freed; 1 blob kept",
    ]


def test_grace_and_tenant_can_be_given(desk: Desk) -> None:
    desk.place.write_brief(KEY)
    desk.build(KEY)
    _orphan(desk, age=timedelta(hours=3))

    patient = json.loads(desk.campaign("gc", "--json").output)
    hasty = json.loads(desk.campaign("gc", "--grace", "2h", "--tenant", "demo", "--json").output)

    assert patient["blobs"] == 0
    assert (hasty["blobs"], hasty["tenant_id"]) == (1, "demo")


def _lose_a_run(desk: Desk) -> None:
    gone = Worker(host=this_host(), pid=2**22 + 1, start_ticks=1)
    with closing(Ledger.open(desk.place.ledger_url)) as ledger:
        open_run(ledger.tenant("demo"), worker=gone)


def _orphan(desk: Desk, *, age: timedelta = LONG_AGO) -> str:
    """Leave bytes that nobody refers to, put a while ago."""
    digest = "ab" * 32
    path = desk.place.blob(f"sha256:{digest}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"orphan")
    moment = path.stat().st_mtime - age.total_seconds()
    os.utime(path, (moment, moment))
    return str(path.relative_to(desk.place.store))


def _grow_old(desk: Desk) -> None:
    """Let the runs have ended, and the bytes have been put, long ago."""
    ledger = Ledger.open(desk.place.ledger_url)
    moment = datetime.now(UTC) - LONG_AGO
    with ledger._database.write(Scope.of_housekeeping("gc")) as connection:
        for table in (RUN, RUN_STEP):
            connection.execute(update(table).values(created_at=moment, completed_at=moment))
    ledger.close()
    for path in desk.place.store.rglob("*"):
        if path.is_file():
            os.utime(path, (moment.timestamp(), moment.timestamp()))
