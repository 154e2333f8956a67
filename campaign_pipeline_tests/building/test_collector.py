"""Garbage collection: what nobody needs goes, in the right order, and nothing else, whoever builds meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from campaign_pipeline.errors import CampaignError
from campaign_pipeline.model.digest import content_hash
from campaign_pipeline.model.steps import STEPS
from campaign_pipeline.storage import KeptAnswer, ListedBlob, LocalArtifactStore, RunStatus, Verification
from campaign_pipeline.storage.compact_set import CompactSet
from campaign_pipeline.storage.descent import needed_by_active
from campaign_pipeline.storage.records import TRIMMED_AT
from campaign_pipeline.storage.retaining import Removal
from campaign_pipeline.storage.scopes import Scope
from campaign_pipeline.storage.store_address import artifact_store
from campaign_pipeline.storage.tables import LEASE, PROVIDER_ANSWER, RUN, STEP_CACHE
from campaign_pipeline_tests.building.household import DAY, Household

NOW = timedelta(0)
"""No grace at all: builds that run are safe all the same."""


class InterruptedStore(LocalArtifactStore):
    """A store at which somebody presses Ctrl-C when its blobs are to be swept."""

    def blobs(self) -> Iterator[ListedBlob]:
        raise KeyboardInterrupt


def test_where_there_is_nothing_there_is_nothing_to_collect(household: Household) -> None:
    done = household.collect(grace=NOW, retention=NOW)

    assert done.found_nothing
    assert not household.store.root.exists()


def test_everything_that_a_row_refers_to_is_kept_however_old_it_is(household: Household) -> None:
    run = household.build()
    waveform, film = household.store.put(b"waveform"), household.store.put(b"film")
    other = household.open("demo/other")
    household.produce(
        other,
        "bgm",
        b"music",
        references=[film.content_hash, waveform.content_hash],
        attachments={"waveform": waveform.content_hash},
    )
    tenant = household.ledger.tenant("demo")
    lease = tenant.take_lease(content_hash(b"key"), subject="bgm", run_id=other.id)
    assert lease is not None
    tenant.keep_result(lease, household.made("bgm", b"waits").to_json())
    raw = household.store.put(b"raw")
    tenant.keep_answer(
        content_hash(b"request"),
        KeptAnswer(content_hash=raw.content_hash, size_bytes=raw.size_bytes, details={}),
        provider="litellm",
        root_run_id=run.id,
        lifetime=None,
    )
    household.grow_old()
    household.change(RUN, RUN.c.status == RunStatus.QUEUED, worker_pid=1)
    before = household.rows()

    done = household.collect()

    assert done.found_nothing
    assert done.blobs_kept == 10
    assert household.rows() == before


def test_bytes_that_nobody_refers_to_go_once_they_are_old(household: Household) -> None:
    household.build()
    household.store.put(b"orphan")
    young = household.collect()
    household.grow_old()
    household.store.put(b"new orphan")

    old = household.collect()

    assert young.found_nothing
    assert (old.blobs, old.bytes_freed, old.blobs_kept) == (1, len(b"orphan"), 6)
    assert not household.has(b"orphan")
    assert household.has(b"new orphan")


def test_what_kills_and_repairs_left_behind_goes_damaged_bytes_after_a_week(household: Household) -> None:
    digest = household.store.put(b"sound").content_hash
    household.file(digest).chmod(0o644)
    household.file(digest).write_bytes(b"bad")
    household.store.put(b"sound")
    (household.store.root / "tmp" / "half").write_bytes(b"half")
    household.grow_old(2 * DAY)
    household.store.put(b"sound")

    first = household.collect()
    household.grow_old(6 * DAY)
    household.store.put(b"sound")
    second = household.collect()

    assert (first.unfinished, first.quarantined, first.bytes_freed) == (1, 0, 4)
    assert (second.unfinished, second.quarantined, second.bytes_freed) == (0, 1, 3)


def test_expired_entries_and_answers_go_first_and_after_the_grace_period(household: Household) -> None:
    run = household.build()
    tenant = household.ledger.tenant("demo")
    raw = household.store.put(b"raw")
    for number in range(3):
        tenant.keep_answer(
            content_hash(b"%d" % number),
            KeptAnswer(content_hash=raw.content_hash, size_bytes=3, details={}),
            provider="litellm",
            root_run_id=run.id,
            lifetime=DAY,
        )
    household.grow_old()
    household.expire(STEP_CACHE, ago=DAY / 2)
    household.expire(PROVIDER_ANSWER, ago=DAY / 2)
    too_early = household.collect()
    household.expire(STEP_CACHE, ago=2 * DAY)
    household.expire(PROVIDER_ANSWER, ago=2 * DAY)

    done = household.collect()

    assert too_early.found_nothing
    assert (done.cache_entries, done.provider_answers, done.blobs) == (4, 3, 1)
    assert not household.has(b"raw")


def test_more_than_one_batch_goes_as_well(household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("collecting", "retaining", "walking"):
        monkeypatch.setattr(f"campaign_pipeline.storage.{module}.PAGE_ROWS", 3)
    for number in range(5):
        household.build(data=b"%d" % number)
    household.grow_old()
    household.build(data=b"newest")
    household.expire(STEP_CACHE)

    done = household.collect(retention=30 * DAY)

    assert (done.cache_entries, done.runs, done.runs_trimmed, done.artifacts) == (24, 4, 1, 20)
    assert household.rows()["artifact"] == 4


def test_a_result_that_nobody_came_for_goes_with_its_bytes(household: Household) -> None:
    run = household.open()
    household.leave_result(run, b"waits")
    young = household.collect()
    household.grow_old()

    done = household.collect()

    assert young.found_nothing
    assert (done.leases, done.blobs) == (1, 1)
    assert not household.has(b"waits")


def test_what_a_build_that_runs_may_have_seen_is_left_alone_without_any_grace(household: Household) -> None:
    household.build(data=b"before")
    household.store.put(b"orphan of before")
    household.grow_old(2 * DAY)
    run = household.open("demo/slow")
    household.store.put(b"bytes that no row names yet")
    household.grow_old(DAY)
    household.expire(STEP_CACHE, ago=DAY / 2)

    done = household.collect(grace=NOW)

    assert (done.blobs, done.cache_entries) == (1, 0)
    assert household.has(b"bytes that no row names yet")
    household.ledger.tenant("demo").refuse_run(run.id, "RUN_LOST: gone")
    household.grow_old(DAY)
    assert household.collect(grace=NOW).blobs == 1


def test_nothing_that_a_row_names_is_lost_while_builds_put_the_very_bytes_that_are_collected(
    household: Household,
) -> None:
    """Old orphans lie there; builds come to the same bytes and publish them, while all the time everything old goes."""
    many = [b"%d" % number for number in range(24)]
    for data in many:
        household.store.put(b"bgm" + data)
    household.grow_old()
    done = Event()

    def collect() -> int:
        removed = 0
        while not done.is_set():
            removed += household.collector(grace=NOW).collect().blobs
        return removed

    def build(part: list[bytes]) -> None:
        for data in part:
            run = household.open(f"demo/c{data.decode()}")
            household.produce(run, "bgm", b"bgm" + data)
            household.ledger.tenant("demo").fail_step(run.id, "game_config", error="PROVIDER_ERROR: no")

    with ThreadPoolExecutor(4) as pool:
        collecting = [pool.submit(collect) for _ in range(2)]
        list(pool.map(build, (many[::2], many[1::2])))
        done.set()
        removed = sum(collector.result() for collector in collecting)

    verdicts = {
        household.store.verify(artifact.content_hash)
        for artifact in household.ledger.cleaning("verify").all_artifacts()
    }
    assert verdicts == {Verification.SOUND}
    assert household.rows()["artifact"] == len(many)
    assert removed <= len(many)


def test_collecting_for_one_tenant_never_takes_another_s_rows_or_bytes(household: Household) -> None:
    household.build("acme/small")
    household.build("demo/small")
    household.store.put(b"nobody's")
    household.grow_old()
    household.expire(STEP_CACHE)
    household.build("acme/small", b"newer")
    household.build("demo/small", b"newer")

    done = household.collect(retention=30 * DAY, tenant_id="acme")

    # Both tenants' bytes are equal: what is acme's no longer is still demo's.
    assert (done.tenant_id, done.cache_entries, done.artifacts, done.blobs) == ("acme", 4, 4, 1)
    assert household.rows() == {
        "run": 4,
        "run_step": 16,
        "artifact": 12,
        "step_cache": 12,
        "lease": 0,
        "provider_answer": 0,
        "provider_call": 0,
    }
    assert all(household.has(step.step_id.encode()) for step in STEPS)


def test_without_retention_every_run_is_kept_whole(household: Household) -> None:
    first = household.build()
    household.grow_old()
    household.build(data=b"newer")

    done = household.collect(retention=None)

    assert done.found_nothing
    assert household.run(first).context == first.context


def test_a_past_run_is_trimmed_while_something_refers_to_what_it_made(household: Household) -> None:
    household.build(data=b"first of all")
    past = household.build(data=b"past")
    household.grow_old()
    household.build(data=b"newer")

    done = household.collect(retention=30 * DAY)

    # Its entries live on, so its artifacts are kept, and so is its row.
    assert (done.runs_trimmed, done.runs, done.artifacts, done.blobs) == (2, 0, 0, 0)
    trimmed = household.run(past)
    assert trimmed.context == {"refs": {}, "artifacts": {}, "computed": {"input_hashes_by_step": {}}}
    assert (trimmed.status, trimmed.trigger) == (past.status, past.trigger)
    steps = household.ledger.tenant("demo").steps(past.id)
    assert all(set(step.diagnostics) == {TRIMMED_AT} and step.trimmed_at for step in steps)


def test_a_past_run_goes_with_its_steps_once_nothing_refers_to_what_it_made(household: Household) -> None:
    first = household.build(data=b"first", cached=False)
    past = household.build(data=b"past", cached=False)
    household.grow_old()
    household.build(data=b"newer", cached=False)

    done = household.collect(retention=30 * DAY)

    tenant = household.ledger.tenant("demo")
    assert (done.runs, done.runs_trimmed, done.artifacts) == (1, 1, 8)
    assert (done.blobs, household.has(b"bgmpast"), household.has(b"film of past")) == (9, False, False)
    assert tenant.run(past.id) is None
    # The campaign's age is counted from its first run.
    assert tenant.first_built_at("small") == household.run(first).created_at
    assert household.has(b"film of first")


def test_an_artifact_that_a_kept_run_reuses_keeps_its_maker(household: Household) -> None:
    household.build(data=b"first of all", cached=False)
    maker = household.build(data=b"maker", cached=False)
    household.grow_old()
    music = household.ledger.tenant("demo").step_artifact(maker.id, "bgm")
    assert music is not None
    user = household.open()
    household.ledger.tenant("demo").record_hit(
        user.id, "bgm", input_hash=content_hash(b"asked"), artifacts=[music.id]
    )
    household.build(data=b"newest", cached=False)

    done = household.collect(retention=30 * DAY)

    assert household.ledger.tenant("demo").artifact(music.id) == music
    assert household.store.verify(music.content_hash) is Verification.SOUND
    assert (done.runs, done.artifacts) == (0, 7)
    assert household.run(maker).context["refs"] == {}


def test_a_campaign_s_newest_results_are_kept_however_old_they_are(household: Household) -> None:
    completed = household.build(cached=False)
    partial = household.open()
    household.produce(partial, "bgm", b"later music", cached=False)
    household.ledger.tenant("demo").fail_step(partial.id, "game_config", error="PROVIDER_ERROR: no")
    failed = household.open()
    household.ledger.tenant("demo").refuse_run(failed.id, "VALIDATION_ERROR: no")
    household.grow_old()

    done = household.collect(retention=30 * DAY)

    # Nothing came of the last one, so nothing of it is anybody's newest.
    assert (done.runs, done.runs_trimmed, done.artifacts) == (1, 0, 0)
    assert household.run(completed).context == completed.context
    assert household.run(partial).context["refs"]
    assert household.ledger.tenant("demo").run(failed.id) is None


def test_runs_that_something_recent_is_based_on_are_kept_whole(household: Household) -> None:
    household.build(data=b"first of all", cached=False)
    base = household.build(data=b"base", cached=False)
    root = household.build(data=b"root", cached=False)
    sibling = household.build(data=b"sibling", cached=False, root_run_id=root.id)
    household.build(data=b"last", cached=False)
    household.grow_old()
    household.build(data=b"rebuilt", base_run_id=base.id)
    household.build(data=b"again", root_run_id=root.id)

    done = household.collect(retention=30 * DAY)

    assert (done.runs, done.runs_trimmed) == (1, 1)
    for run in (base, root, sibling):
        assert household.run(run).context == run.context
        assert len(household.ledger.tenant("demo").artifacts(run.id)) == 4


def test_what_a_chain_of_runs_spent_is_forgotten_with_its_first_run(household: Household) -> None:
    tenant = household.ledger.tenant("demo")
    household.build(data=b"first of all", cached=False)
    past = household.build(data=b"past", cached=False)
    root = household.build(data=b"root", cached=False)
    for run in (past, root):
        tenant.charge(str(uuid4()), root_run_id=run.id, provider="claude", model="opus", most_usd=0.5)
    household.build(data=b"last", cached=False)
    household.grow_old()
    household.build(data=b"again", root_run_id=root.id)

    household.collect(retention=30 * DAY)

    assert (tenant.run(past.id), tenant.spent_usd(past.id)) == (None, 0.0)
    assert tenant.spent_usd(root.id) == 0.5


def test_a_run_for_which_a_result_waits_is_kept(household: Household) -> None:
    run = household.open()
    household.leave_result(run, b"waits")
    household.grow_old()
    household.change(LEASE, updated_at=household.run(household.build("demo/other")).created_at)

    done = household.collect(retention=30 * DAY)

    assert (done.runs_trimmed, done.runs, done.leases) == (1, 0, 0)
    assert household.has(b"waits")


def test_two_collections_at_once_do_together_what_one_would(household: Household) -> None:
    for number in range(12):
        household.build(data=b"%d" % number, cached=False)
    household.store.put(b"orphan")
    household.grow_old()
    household.build(data=b"newest", cached=False)

    with ThreadPoolExecutor(2) as pool:
        collectors = [household.collector(retention=30 * DAY) for _ in range(2)]
        done = list(pool.map(lambda collector: collector.collect(), collectors))

    assert household.rows()["run"] == 2
    assert household.rows()["artifact"] == 4
    assert sum(collection.artifacts for collection in done) == 48
    assert sum(collection.blobs for collection in done) == 1 + 48 + 11
    assert household.collector(retention=30 * DAY).collect().found_nothing


def test_an_interrupted_collection_is_completed_by_the_next(household: Household) -> None:
    for number in range(3):
        household.build(data=b"%d" % number, cached=False)
    household.grow_old()
    household.build(data=b"newest", cached=False)
    interrupted = Household(household.ledger, InterruptedStore(household.store.root))
    with pytest.raises(KeyboardInterrupt):
        interrupted.collector(retention=30 * DAY).collect()

    done = household.collect(retention=30 * DAY)

    assert (done.artifacts, done.blobs) == (0, 12 + 2)


@pytest.mark.parametrize("descent", ["base_run_id", "root_run_id"])
def test_what_a_run_begins_from_that_opens_between_looking_and_removing_stays(
    household: Household, descent: str
) -> None:
    household.build(data=b"first of all", cached=False)
    maker = household.build(data=b"maker", cached=False)
    origin = household.open()
    music = household.ledger.tenant("demo").step_artifact(maker.id, "bgm")
    assert music is not None
    asked = content_hash(b"asked")
    household.ledger.tenant("demo").record_hit(origin.id, "bgm", input_hash=asked, artifacts=[music.id])
    for step in (step for step in STEPS if step.step_id != "bgm"):
        household.produce(origin, step.step_id, b"of origin " + step.step_id.encode(), cached=False)
    other = household.build(data=b"other", cached=False)
    household.grow_old()
    household.build(data=b"newest", cached=False)
    cleaning = household.ledger.cleaning("gc")
    horizon = cleaning.horizon(grace=DAY, retention=30 * DAY)
    past = [run for page in cleaning.past_runs(horizon, bases=CompactSet()) for run in page]
    seen = Removal(
        artifacts=[key for run in past for key in run.artifact_ids],
        runs=[run.id for run in past if not run.must_stay],
        trimmed=[run.id for run in past if run.must_stay],
    )
    values: dict[str, Any] = {descent: origin.id}
    household.open(**values)

    gone = cleaning.remove(seen)

    assert {maker.id, origin.id, other.id} <= set(seen.runs)
    assert other.id in gone.runs
    assert household.run(origin).context["refs"]
    # Of the maker, what the origin came to by reusing it.
    assert [made.id for made in household.ledger.tenant("demo").artifacts(maker.id)] == [music.id]
    assert set(household.ledger.tenant("demo").step_artifacts(origin.id)) == {step.step_id for step in STEPS}


def test_a_run_that_begins_from_another_is_not_opened_in_the_middle_of_a_removal(
    household: Household,
) -> None:
    base = household.build()

    with ThreadPoolExecutor(1) as pool:
        with household.ledger._database.write(Scope.of_housekeeping("gc")) as removal:
            needed = needed_by_active(removal)
            opening = pool.submit(household.open, base_run_id=base.id)
            with pytest.raises(TimeoutError):
                opening.result(0.3)
        opened = opening.result(10)

    assert not needed.runs
    assert household.run(opened).base_run_id == base.id


def test_a_store_of_two_ledgers_is_left_alone(household: Household) -> None:
    """What only the other names would be nobody's here."""
    artifact_store(str(household.store.root), ledger="postgresql://elsewhere:5432/campaigns").put(b"theirs")

    for work in (household.collector().rehearse, household.collector().collect):
        with pytest.raises(CampaignError, match="holds bytes of another ledger too: postgresql://elsewhere"):
            work()

    assert household.has(b"theirs")
