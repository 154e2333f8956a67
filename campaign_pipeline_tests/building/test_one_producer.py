"""One produces what many want; what was produced or paid for is not produced or paid for again."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest

from campaign_pipeline.building.answer_book import KeptAnswers
from campaign_pipeline.building.budget import Budget
from campaign_pipeline.building.build import Build, StepOutcome
from campaign_pipeline.building.builder import Builder
from campaign_pipeline.building.calls import Product, StepCall
from campaign_pipeline.building.claims import Claims
from campaign_pipeline.building.trigger import ProviderChoice, Trigger
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.digest import canonical_hash
from campaign_pipeline.model.prices import UNPRICED, Quote
from campaign_pipeline.model.steps import STEP_BY_ID
from campaign_pipeline.providers.answers import Answer
from campaign_pipeline.providers.bill import Bill
from campaign_pipeline.settings import CacheChoice, CacheMode, Settings
from campaign_pipeline.storage import Lease, Ledger, LocalArtifactStore, RunStepStatus
from campaign_pipeline.storage.tables import LEASE
from campaign_pipeline_tests.storage.building import open_run

TENANT = "demo"
SPEECH = Answer(data=b"speech", media_type="audio/mpeg", tokens_in=7, tokens_out=11, cost_usd=0.25)


@dataclass
class Studio:
    """A ledger and a store, and a tone that counts how often it was made."""

    ledger: Ledger
    store: LocalArtifactStore
    made: list[str] = field(default_factory=list)
    policy: str = ""

    def build(self, *, cache: CacheMode = CacheMode.USE, root_run_id: str | None = None) -> Build:
        tenant = self.ledger.tenant(TENANT)
        run = open_run(tenant, step_ids=("bgm",), root_run_id=root_run_id)
        trigger = Trigger(
            tenant_id=TENANT,
            campaign_id=run.campaign_id,
            template_id="spin_wheel_v1",
            brief={},
            overrides={},
            base_run_id=None,
            cache=CacheChoice(cache),
            launched_by="test",
            files={},
            text=ProviderChoice(provider="template"),
            audio=ProviderChoice(provider="stub"),
        )
        settings = Settings({"CAMPAIGN_CACHE_POLICY": self.policy})
        return Build(settings=settings, store=self.store, ledger=tenant, run=run, trigger=trigger)

    def call(self, produce: Callable[[], Any] = lambda: None) -> StepCall:
        def tone() -> Product:
            self.made.append("tone")
            produce()
            return Product(
                data=b"tone",
                filename="bgm.mp3",
                describe=lambda _: {},
                attachments={"waveform": b"picture"},
            )

        return StepCall(step=STEP_BY_ID["bgm"], version="1", params={"bpm": 120}, inputs={}, produce=tone)

    def publish(self, outcome: StepOutcome) -> None:
        builder = Builder(Settings({}))
        builder.__dict__["ledger"] = self.ledger
        builder.publish(outcome)

    def leave(self, outcome: StepOutcome) -> None:
        assert outcome.lease is not None
        self.ledger.tenant(TENANT).give_back(outcome.lease)

    def answers(
        self,
        build: Build,
        *,
        since: datetime | None = None,
        lifetime: timedelta | None = None,
        max_cost_usd: float | None = None,
        root_run_id: str | None = None,
    ) -> KeptAnswers:
        tenant = self.ledger.tenant(TENANT)
        claims, root_run_id = Claims(tenant, run_id=build.run.id), root_run_id or build.run.root_run_id
        return KeptAnswers(
            ledger=tenant,
            store=self.store,
            claims=claims,
            root_run_id=root_run_id,
            since=lambda _: since,
            lifetime=lifetime,
            budget=Budget(ledger=tenant, claims=claims, root_run_id=root_run_id, max_cost_usd=max_cost_usd),
        )


@pytest.fixture
def studio(ledger: Ledger, tmp_path: Path) -> Studio:
    return Studio(ledger, LocalArtifactStore(tmp_path / "store"))


def test_of_many_runs_at_once_one_produces_and_the_others_take_its_result(studio: Studio) -> None:
    builds = [studio.build() for _ in range(6)]
    barrier = Barrier(len(builds))

    def run(build: Build) -> StepOutcome:
        barrier.wait()
        outcome = build.run_step(studio.call(), attempt=1)
        studio.publish(outcome)
        return outcome

    with ThreadPoolExecutor(len(builds)) as pool:
        outcomes = list(pool.map(run, builds))

    assert studio.made == ["tone"]
    assert sorted(outcome.cache_hit for outcome in outcomes) == [False] + [True] * 5
    statuses = [studio.ledger.tenant(TENANT).steps(build.run.id)[0].status for build in builds]
    assert sorted(statuses) == [RunStepStatus.COMPLETED] + [RunStepStatus.SKIPPED] * 5


def test_a_step_that_waits_is_pending_and_says_for_whom(studio: Studio) -> None:
    first, second = studio.build(), studio.build()
    tenant = studio.ledger.tenant(TENANT)
    producing, finish = Event(), Event()

    def slowly() -> None:
        producing.set()
        assert finish.wait(30)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(lambda: studio.publish(first.run_step(studio.call(slowly), attempt=1)))
        assert producing.wait(30)
        other = pool.submit(second.run_step, studio.call(), attempt=1)
        while not (waiting := tenant.steps(second.run.id)[0]).diagnostics:
            assert not other.done()
        finish.set()
        one.result(30)
        outcome = other.result(30)

    assert waiting.status is RunStepStatus.PENDING
    assert waiting.diagnostics == {"waited_for_run": first.run.id}
    assert outcome.cache_hit


def test_a_result_that_could_not_be_published_is_taken_by_the_retry(studio: Studio) -> None:
    build = studio.build()
    first = build.run_step(studio.call(), attempt=1)
    studio.leave(first)

    again = build.run_step(studio.call(), attempt=2)
    studio.publish(again)

    assert studio.made == ["tone"]
    assert again.artifact == first.artifact
    assert again.reason == "made by an earlier attempt at this step"
    [step] = studio.ledger.tenant(TENANT).steps(build.run.id)
    assert (step.status, step.attempt) == (RunStepStatus.COMPLETED, 2)


def test_a_result_that_a_lost_run_left_is_published_by_the_next(studio: Studio) -> None:
    lost, following = studio.build(), studio.build()
    studio.leave(lost.run_step(studio.call(), attempt=1))

    outcome = following.run_step(studio.call(), attempt=1)
    studio.publish(outcome)

    assert studio.made == ["tone"]
    assert outcome.reason == f"made by run {lost.run.id}, which ended before it could record it"
    assert studio.ledger.tenant(TENANT).steps(following.run.id)[0].status is RunStepStatus.COMPLETED


@pytest.mark.parametrize("harm", ["data", "attachment"])
def test_a_result_that_waits_with_bad_bytes_is_made_anew(studio: Studio, harm: str) -> None:
    lost, following = studio.build(), studio.build()
    outcome = lost.run_step(studio.call(), attempt=1)
    studio.leave(outcome)
    digests = {"data": outcome.artifact.content_hash, **outcome.artifact.metadata["attachments"]}
    path = studio.store.path(digests["data" if harm == "data" else "waveform"])
    assert path is not None
    path.chmod(0o644)
    path.write_bytes(b"evil")

    studio.publish(following.run_step(studio.call(), attempt=1))

    assert studio.made == ["tone", "tone"]
    assert studio.store.read(outcome.artifact.content_hash) == b"tone"


def test_a_run_that_refreshes_makes_its_own_once(studio: Studio) -> None:
    studio.publish(studio.build().run_step(studio.call(), attempt=1))
    fresh = studio.build(cache=CacheMode.REFRESH)

    studio.leave(fresh.run_step(studio.call(), attempt=1))
    studio.publish(fresh.run_step(studio.call(), attempt=2))

    assert studio.made == ["tone", "tone"]


def test_a_failed_production_gives_its_turn_to_the_next(studio: Studio) -> None:
    failing, following = studio.build(), studio.build()

    def fail() -> None:
        raise CampaignError(ErrorCode.PROVIDER_ERROR, "no music today")

    with pytest.raises(CampaignError, match="no music today"):
        failing.run_step(studio.call(fail), attempt=1)

    assert not following.run_step(studio.call(), attempt=1).cache_hit


def test_an_answer_is_asked_for_once_and_durable_before_it_is_read(studio: Studio) -> None:
    asked: list[Answer] = []
    first, second = studio.answers(studio.build()), studio.answers(studio.build())

    def ask(_: Bill) -> Answer:
        asked.append(SPEECH)
        return SPEECH

    answers = [
        book.answer({"prompt": "drums"}, provider="litellm", ask=ask, quote=UNPRICED)
        for book in (first, second)
    ]

    assert answers == [SPEECH, SPEECH]
    assert len(asked) == 1
    assert first.usage.to_json() == {
        "providers": ["litellm"],
        "requests": 1,
        "calls": 1,
        "answers_reused": 0,
        "tokens_in": 7,
        "tokens_out": 11,
        "cost_usd": 0.25,
    }
    assert (second.usage.calls, second.usage.answers_reused, second.usage.cost_usd) == (0, 1, 0.0)


def test_of_many_who_send_the_same_request_at_once_one_does(studio: Studio) -> None:
    books = [studio.answers(studio.build()) for _ in range(6)]
    barrier, asked = Barrier(len(books)), []

    def ask(_: Bill) -> Answer:
        asked.append(1)
        return SPEECH

    def use(book: KeptAnswers) -> Answer:
        barrier.wait()
        return book.answer({"prompt": "drums"}, provider="litellm", ask=ask, quote=UNPRICED)

    with ThreadPoolExecutor(len(books)) as pool:
        answers = list(pool.map(use, books))

    assert answers == [SPEECH] * 6
    assert len(asked) == 1


def test_another_request_tenant_or_provider_is_another_question(studio: Studio) -> None:
    book = studio.answers(studio.build())
    changed = replace(SPEECH, data=b"other")
    book.answer({"prompt": "drums"}, provider="litellm", ask=lambda _: SPEECH, quote=UNPRICED)

    other_request = book.answer(
        {"prompt": "horns"}, provider="litellm", ask=lambda _: changed, quote=UNPRICED
    )
    other_provider = book.answer(
        {"prompt": "drums"}, provider="claude", ask=lambda _: changed, quote=UNPRICED
    )

    assert other_request == other_provider == changed
    kept = studio.ledger.tenant("acme").kept_answer
    assert all(kept(row, since=None) is None for row in request_hashes(studio.ledger))


def test_an_answer_outlives_neither_its_time_nor_its_bytes(studio: Studio) -> None:
    build, changed = studio.build(), replace(SPEECH, data=b"other")
    brief = studio.answers(build, lifetime=timedelta(0))
    brief.answer({"prompt": "drums"}, provider="litellm", ask=lambda _: SPEECH, quote=UNPRICED)
    lasting = studio.answers(build)
    assert (
        lasting.answer({"prompt": "drums"}, provider="litellm", ask=lambda _: changed, quote=UNPRICED)
        == changed
    )
    path = studio.store.path(studio.store.put(b"other").content_hash)
    assert path is not None

    path.unlink()

    assert (
        lasting.answer({"prompt": "drums"}, provider="litellm", ask=lambda _: SPEECH, quote=UNPRICED)
        == SPEECH
    )


def test_runs_that_refresh_take_what_was_answered_since_they_began_and_nothing_older(studio: Studio) -> None:
    changed = replace(SPEECH, data=b"fresh")
    studio.answers(studio.build()).answer(
        {"prompt": "drums"}, provider="litellm", ask=lambda _: SPEECH, quote=UNPRICED
    )
    first, second = (studio.build(cache=CacheMode.REFRESH) for _ in range(2))
    retry = studio.build(cache=CacheMode.REFRESH, root_run_id=first.run.id)

    answers = [
        build.surroundings.access.answers.answer(
            {"prompt": "drums"}, provider="litellm", ask=ask, quote=UNPRICED
        )
        for build, ask in ((first, lambda _: changed), (second, lambda _: SPEECH), (retry, lambda _: SPEECH))
    ]

    assert answers == [changed] * 3


def test_what_a_failed_step_paid_for_is_told(studio: Studio) -> None:
    build = studio.build()

    def pay_and_fail() -> None:
        build.surroundings.access.answers.answer(
            {"prompt": "drums"}, provider="litellm", ask=lambda _: SPEECH, quote=UNPRICED
        )
        raise CampaignError(ErrorCode.GENERATION_FAILED, "that was no music")

    with pytest.raises(CampaignError, match="no music"):
        build.run_step(studio.call(pay_and_fail), attempt=1)

    [step] = studio.ledger.tenant(TENANT).steps(build.run.id)
    assert step.diagnostics["provider"]["cost_usd"] == 0.25


class Away:
    """A method of the ledger's that fails as an outage does, so many times."""

    def __init__(self, method: Callable[..., Any], times: int) -> None:
        self._method = method
        self.left = times

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.left:
            self.left -= 1
            raise CampaignError(ErrorCode.LEDGER_UNAVAILABLE, "away", retryable=True)
        return self._method(*args, **kwargs)


def test_an_answer_is_recorded_as_soon_as_the_ledger_is_back(studio: Studio) -> None:
    build, asked = studio.build(), []
    tenant: Any = build.surroundings.access.answers._ledger  # type: ignore[attr-defined]
    tenant.keep_answer = Away(tenant.keep_answer, 3)

    def ask(_: Bill) -> Answer:
        asked.append(1)
        return SPEECH

    build.surroundings.access.answers.answer({"prompt": "drums"}, provider="litellm", ask=ask, quote=UNPRICED)

    assert len(asked) == 1
    assert tenant.keep_answer.left == 0
    assert len(request_hashes(studio.ledger)) == 1


@pytest.mark.parametrize("away", ["keep_answer", "keep_result"])
def test_what_an_outage_kept_from_being_recorded_is_in_the_hand_of_the_retry(
    studio: Studio, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign_pipeline.building.insistence.INSIST_S", 0.0)
    build, asked = studio.build(), []
    tenant: Any = build.surroundings.access.answers._ledger  # type: ignore[attr-defined]
    setattr(tenant, away, Away(getattr(tenant, away), 1))

    def ask(_: Bill) -> Answer:
        asked.append(1)
        return SPEECH

    def pay() -> None:
        build.surroundings.access.answers.answer(
            {"prompt": "drums"}, provider="litellm", ask=ask, quote=UNPRICED
        )

    with pytest.raises(CampaignError, match="away"):
        build.run_step(studio.call(pay), attempt=1)

    outcome = build.run_step(studio.call(pay), attempt=2)
    studio.publish(outcome)

    assert len(asked) == 1
    assert len(studio.made) == (2 if away == "keep_answer" else 1)
    [step] = studio.ledger.tenant(TENANT).steps(build.run.id)
    assert step.diagnostics["provider"]["cost_usd"] == 0.25


def test_a_waiting_result_is_used_no_longer_than_a_published_one(studio: Studio) -> None:
    studio.policy = "generate_bgm_track=global:1m"
    lost, following = studio.build(), studio.build()
    studio.leave(lost.run_step(studio.call(), attempt=1))
    with studio.ledger._database._engine.begin() as connection:
        connection.execute(LEASE.update().values(updated_at=datetime(2026, 1, 1, tzinfo=UTC)))

    outcome = following.run_step(studio.call(), attempt=1)

    assert studio.made == ["tone", "tone"]
    assert outcome.reason == "first build"


def test_a_waiting_result_s_time_began_when_it_was_made(studio: Studio) -> None:
    studio.policy = "generate_bgm_track=global:1d"
    lost, following = studio.build(), studio.build()
    studio.leave(lost.run_step(studio.call(), attempt=1))

    outcome = following.run_step(studio.call(), attempt=1)
    studio.publish(outcome)

    assert outcome.cache is not None
    assert outcome.lease is not None
    entry = studio.ledger.tenant(TENANT).cache_entry(outcome.cache.cache_key)
    assert entry is not None
    assert outcome.lease.made_at is not None
    assert entry.expires_at == outcome.lease.made_at + timedelta(days=1)


def test_a_result_that_was_refreshed_away_never_comes_back(studio: Studio) -> None:
    lost, fresh, following = studio.build(), studio.build(cache=CacheMode.REFRESH), studio.build()
    old = lost.run_step(studio.call(), attempt=1)
    studio.leave(old)
    outcome = fresh.run_step(studio.call(), attempt=1)
    studio.publish(outcome)
    path = studio.store.path(outcome.artifact.content_hash)
    assert path is not None
    path.unlink()

    studio.publish(following.run_step(studio.call(), attempt=1))

    assert studio.made == ["tone"] * 3


@pytest.mark.parametrize("mode", [CacheMode.REFRESH, CacheMode.OFF])
def test_a_retry_that_never_heard_of_its_publication_makes_nothing_again(
    studio: Studio, mode: CacheMode
) -> None:
    build = studio.build(cache=mode)
    first = build.run_step(studio.call(), attempt=1)
    studio.publish(first)

    again = build.run_step(studio.call(), attempt=2)
    studio.publish(again)

    assert studio.made == ["tone"]
    assert again.artifact.id == first.artifact.id


def test_what_a_step_took_is_what_making_took_whoever_made_it(studio: Studio) -> None:
    lost, following = studio.build(), studio.build()
    made = lost.run_step(studio.call(lambda: time.sleep(0.3)), attempt=1)
    studio.leave(made)

    outcome = following.run_step(studio.call(), attempt=1)

    assert outcome.elapsed_s == pytest.approx(made.elapsed_s, abs=0.001)


def test_a_lease_that_could_not_be_given_back_is_renewed_no_more(studio: Studio) -> None:
    build = studio.build()
    outcome = build.run_step(studio.call(), attempt=1)
    tenant: Any = build.surroundings.access.answers._ledger  # type: ignore[attr-defined]
    tenant.give_back = Away(tenant.give_back, 1)
    tenant.renew_leases = Away(tenant.renew_leases, 1)
    assert outcome.lease is not None

    build.claims.give_back(outcome.lease)
    build.claims.renew()

    assert tenant.renew_leases.left == 1


def request_hashes(ledger: Ledger) -> list[str]:
    with ledger._database._engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT request_hash FROM provider_answer").scalars())


@pytest.mark.parametrize("way", ["give_back", "end"])
def test_a_lease_is_free_though_the_ledger_fails_the_first_time_it_is_told(
    studio: Studio, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = studio.ledger.tenant(TENANT)
    claims = Claims(tenant, run_id=studio.build().run.id)
    lease = claims.claim(canonical_hash({"key": way}), subject="bgm")
    told = {"give_back": tenant.give_back, "end": tenant.end_lease}[way]
    failures = [CampaignError(ErrorCode.LEDGER_UNAVAILABLE, "cut", retryable=True)]

    def fail_first(lease: Lease) -> None:
        if failures:
            raise failures.pop()
        told(lease)

    monkeypatch.setattr(tenant, told.__name__, fail_first)
    getattr(claims, way)(lease)

    assert tenant.lease_holder(lease.key) is None


def test_a_call_that_could_pass_the_budget_is_not_made(studio: Studio) -> None:
    build = studio.build()
    answers = studio.answers(build, max_cost_usd=1.0)
    answers.answer({"n": 1}, provider="claude", ask=lambda _: _answer(cost_usd=0.6), quote=_quote(0.7))

    with pytest.raises(
        CampaignError, match=r"may cost \$0\.5000, and \$0\.6000 of the run's \$1\.0000"
    ) as refused:
        answers.answer({"n": 2}, provider="claude", ask=_never, quote=_quote(0.5))

    assert refused.value.code is ErrorCode.BUDGET_EXCEEDED
    assert not refused.value.retryable
    answers.answer({"n": 3}, provider="claude", ask=lambda _: _answer(cost_usd=0.1), quote=_quote(0.4))
    assert answers.usage.calls == 2


def test_what_a_kept_answer_cost_is_not_paid_again(studio: Studio) -> None:
    studio.answers(studio.build()).answer(
        {"n": 1}, provider="claude", ask=lambda _: _answer(cost_usd=5.0), quote=_quote(5.0)
    )
    answers = studio.answers(studio.build(), max_cost_usd=1.0)

    answer = answers.answer({"n": 1}, provider="claude", ask=_never, quote=_quote(5.0))

    assert answer.cost_usd == 5.0
    assert answers.usage.cost_usd == 0.0


def test_a_call_of_which_nobody_knows_the_price_is_not_made_under_a_budget(studio: Studio) -> None:
    answers = studio.answers(studio.build(), max_cost_usd=1.0)

    with pytest.raises(
        CampaignError, match=r"nobody knows what opus costs.*CAMPAIGN_PRICES, such as opus=3/15"
    ) as refused:
        answers.answer({"n": 1}, provider="claude", ask=_never, quote=Quote(model="opus", most_usd=None))

    assert refused.value.code is ErrorCode.BUDGET_EXCEEDED


def test_a_call_that_broke_off_counts_as_paid(studio: Studio) -> None:
    answers = studio.answers(studio.build(), max_cost_usd=1.0)

    def broken(_: Bill) -> Answer:
        raise CampaignError(ErrorCode.PROVIDER_ERROR, "no answer in time", retryable=True)

    with pytest.raises(CampaignError, match="no answer in time"):
        answers.answer({"n": 1}, provider="claude", ask=broken, quote=_quote(0.6))

    told = answers.usage.to_json()
    assert (told["requests"], told["calls"], told["cost_usd"]) == (1, 0, 0.6)
    with pytest.raises(
        CampaignError, match=r"no answer in time; and to ask again, .*\$0\.6000 of the run's \$1\.0000 are"
    ):
        answers.answer({"n": 1}, provider="claude", ask=_never, quote=_quote(0.6))


def test_an_answer_of_which_no_cost_is_told_costs_what_was_quoted(studio: Studio) -> None:
    answers = studio.answers(studio.build(), max_cost_usd=1.0)

    answers.answer(
        {"n": 1}, provider="claude", ask=lambda _: Answer(data=b"", media_type=""), quote=_quote(0.6)
    )

    assert answers.usage.cost_usd == 0.6
    with pytest.raises(CampaignError, match="BUDGET_EXCEEDED"):
        answers.answer({"n": 2}, provider="claude", ask=_never, quote=_quote(0.6))


def test_every_attempt_that_may_have_been_billed_counts_in_every_process_of_the_run(studio: Studio) -> None:
    root = studio.build()
    answers = studio.answers(root, max_cost_usd=1.0)

    def third_time(bill: Bill) -> Answer:
        bill.void()
        bill.again(after="status 500 found")
        bill.again(after="status 500 found")
        return _answer(cost_usd=0.1)

    answers.answer({"n": 1}, provider="claude", ask=third_time, quote=_quote(0.3))
    told = answers.usage.to_json()
    assert (told["requests"], told["calls"], told["cost_usd"]) == (3, 1, 0.4)
    elsewhere = studio.answers(studio.build(), max_cost_usd=1.0, root_run_id=root.run.id)

    with pytest.raises(CampaignError, match=r"\$0\.4000 of the run's \$1\.0000 are spent, or may be"):
        elsewhere.answer({"n": 2}, provider="claude", ask=_never, quote=_quote(0.7))
    elsewhere.answer({"n": 2}, provider="claude", ask=lambda _: _answer(cost_usd=0.6), quote=_quote(0.6))


def test_a_further_attempt_that_could_pass_the_budget_is_not_made(studio: Studio) -> None:
    answers, sent = studio.answers(studio.build(), max_cost_usd=1.0), []

    def insisting(bill: Bill) -> Answer:
        for _ in range(3):
            sent.append(1)
            bill.again(after="status 500 found")
        return pytest.fail("it was asked again")

    with pytest.raises(
        CampaignError, match=r"status 500 found; and to ask again, .*\$0\.8000 of the run's"
    ) as refused:
        answers.answer({"n": 1}, provider="claude", ask=insisting, quote=_quote(0.4))

    assert refused.value.code is ErrorCode.BUDGET_EXCEEDED
    assert len(sent) == 2


def test_what_was_not_sent_for_wrong_settings_costs_nothing(studio: Studio) -> None:
    build = studio.build()
    answers = studio.answers(build, max_cost_usd=1.0)

    def without_key(_: Bill) -> Answer:
        raise CampaignError(ErrorCode.VALIDATION_ERROR, "ANTHROPIC_API_KEY: nothing found")

    with pytest.raises(CampaignError, match="nothing found"):
        answers.answer({"n": 1}, provider="claude", ask=without_key, quote=_quote(0.6))

    assert studio.ledger.tenant(TENANT).spent_usd(build.run.root_run_id) == 0.0
    assert answers.usage.to_json()["requests"] == 0


def test_an_answer_of_no_use_costs_what_it_is_said_to_cost(studio: Studio) -> None:
    build = studio.build()
    answers = studio.answers(build, max_cost_usd=1.0)

    def useless(bill: Bill) -> Answer:
        bill.told(0.125)
        raise CampaignError(ErrorCode.PROVIDER_ERROR, "no sound")

    with pytest.raises(CampaignError, match="no sound"):
        answers.answer({"n": 1}, provider="litellm", ask=useless, quote=_quote(0.6))

    assert studio.ledger.tenant(TENANT).spent_usd(build.run.root_run_id) == 0.125
    assert answers.usage.to_json()["cost_usd"] == 0.125


def test_an_outage_between_two_attempts_is_an_outage_and_worth_a_retry(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign_pipeline.building.insistence.INSIST_S", 0.0)
    answers = studio.answers(studio.build())
    tenant: Any = answers._ledger

    def ask(bill: Bill) -> Answer:
        tenant.charge = Away(tenant.charge, 1)
        bill.again(after="status 500 found")
        return pytest.fail("it was asked again")

    with pytest.raises(CampaignError, match=r"^LEDGER_UNAVAILABLE: away") as failed:
        answers.answer({"n": 1}, provider="claude", ask=ask, quote=_quote(0.6))

    assert failed.value.retryable


def test_a_call_is_written_down_before_it_is_made_and_settled_with_its_answer(studio: Studio) -> None:
    build, tenant = studio.build(), studio.ledger.tenant(TENANT)
    seen = []

    def ask(_: Bill) -> Answer:
        seen.append(tenant.spent_usd(build.run.root_run_id))
        return _answer(cost_usd=0.25)

    studio.answers(build).answer({"n": 1}, provider="claude", ask=ask, quote=_quote(0.6))

    assert (seen, tenant.spent_usd(build.run.root_run_id)) == ([0.6], 0.25)
    assert studio.ledger.tenant("acme").spent_usd(build.run.root_run_id) == 0.0


def test_what_fits_to_the_cent_is_allowed(studio: Studio) -> None:
    answers = studio.answers(studio.build(), max_cost_usd=0.3)

    for number in range(3):
        answers.answer(
            {"n": number}, provider="claude", ask=lambda _: _answer(cost_usd=0.1), quote=_quote(0.1)
        )

    assert answers.usage.calls == 3


def test_what_a_run_paid_stays_paid_when_another_buys_the_same_anew(studio: Studio) -> None:
    answers = studio.answers(studio.build(), max_cost_usd=1.0)
    answers.answer({"n": 1}, provider="claude", ask=lambda _: _answer(cost_usd=0.9), quote=_quote(0.9))
    refreshing = studio.answers(studio.build(), since=datetime.now(UTC) + timedelta(hours=1))
    refreshing.answer({"n": 1}, provider="claude", ask=lambda _: _answer(cost_usd=0.9), quote=_quote(0.9))

    with pytest.raises(CampaignError, match="BUDGET_EXCEEDED"):
        answers.answer({"n": 2}, provider="claude", ask=_never, quote=_quote(0.2))


def test_processes_that_work_on_one_run_at_once_do_not_pass_its_budget_together(studio: Studio) -> None:
    root = studio.build()

    def ask(number: int) -> bool:
        # A process holds its leases for its run: another run of the same chain stands for another process here.
        answers = studio.answers(studio.build(), max_cost_usd=1.0, root_run_id=root.run.id)
        try:
            answers.answer(
                {"n": number},
                provider="claude",
                ask=lambda _: _answer(cost_usd=0.6, after_s=0.2),
                quote=_quote(0.6),
            )
        except CampaignError as error:
            assert error.code is ErrorCode.BUDGET_EXCEEDED  # noqa: PT017  one of several that may be
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        answered = list(pool.map(ask, range(4)))

    assert answered.count(True) == 1


def _quote(most_usd: float) -> Quote:
    return Quote(model="opus", most_usd=most_usd)


def _answer(*, cost_usd: float, after_s: float = 0.0) -> Answer:
    time.sleep(after_s)
    return Answer(data=b"{}", media_type="application/json", cost_usd=cost_usd)


def _never(_: Bill) -> Answer:
    pytest.fail("it was asked")
