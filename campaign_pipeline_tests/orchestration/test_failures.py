"""Steps that fail: which are tried again, and what is left in the tables."""

from typing import Any

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.orchestration import failures, metadata
from campaign_pipeline.providers.audio import GeneratedAudio
from campaign_pipeline.providers.stub import StubAudioModel
from campaign_pipeline.storage import LocalArtifactStore, NewArtifact, StoredBlob
from campaign_pipeline_tests.workplace import STEPS, Desk

KEY = "demo/small"


class Failing:
    """Makes a provider fail for the first so many calls, and counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception, *, times: int) -> None:
        self.calls = 0
        generate = StubAudioModel.generate

        def fail_at_first(model: StubAudioModel, request: AudioRequest) -> GeneratedAudio:
            self.calls += 1
            if self.calls <= times:
                raise error
            return generate(model, request)

        monkeypatch.setattr(StubAudioModel, "generate", fail_at_first)


@pytest.fixture(autouse=True)
def retry_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait no seconds between two attempts; the policy's other numbers stay."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def test_what_a_retry_can_help_is_tried_again_and_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)
    busy = CampaignError(ErrorCode.PROVIDER_ERROR, "the provider is busy", retryable=True)
    provider = Failing(monkeypatch, busy, times=2)

    run = desk.build(KEY)

    step = desk.place.tables().steps_of(run["id"])["bgm"]
    assert provider.calls == 3
    assert (step["status"], step["attempt"], step["error"]) == ("completed", 3, None)


def test_what_no_retry_can_help_is_tried_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.place.write_brief(KEY)
    provider = Failing(monkeypatch, CampaignError(ErrorCode.PROVIDER_ERROR, "no such model"), times=9)

    result = desk.campaign("build", KEY)

    tables = desk.place.tables()
    assert (result.exit_code, provider.calls) == (1, 1)
    assert tables.run[-1]["error"] == "PROVIDER_ERROR: no such model"
    assert tables.statuses(tables.run[-1]["id"]) == {
        "game_config": ("completed", False),
        "bgm": ("failed", False),
        "game_bundle": ("skipped", False),
        "campaign_manifest": ("skipped", False),
    }
    steps = tables.steps_of(tables.run[-1]["id"])
    assert "bgm" in steps["game_bundle"]["error"]
    assert {row["step_id"] for row in tables.step_cache} == {"game_config"}


def test_a_step_fails_for_good_when_its_retries_are_used_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)
    busy = CampaignError(ErrorCode.PROVIDER_ERROR, "the provider is busy", retryable=True)
    provider = Failing(monkeypatch, busy, times=99)

    result = desk.campaign("build", KEY)

    step = desk.place.tables().steps_of(desk.place.tables().run[-1]["id"])["bgm"]
    assert result.exit_code == 1
    assert provider.calls == failures.RETRIES.max_retries + 1
    assert (step["status"], step["attempt"], step["error"]) == ("failed", 3, str(busy))


def test_what_nobody_foresaw_fails_the_step_once_and_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)
    provider = Failing(monkeypatch, KeyError("surprise"), times=99)

    result = desk.campaign("build", KEY)

    run = desk.place.tables().run[-1]
    assert (result.exit_code, provider.calls) == (1, 1)
    assert (run["status"], run["error"]) == ("failed", "KeyError: 'surprise'")


def test_bytes_that_cannot_be_stored_fail_the_step_and_leave_no_row(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)

    def refuse(_store: LocalArtifactStore, _data: bytes) -> StoredBlob:
        raise CampaignError(ErrorCode.STORE_UNAVAILABLE, "the disk is full")

    monkeypatch.setattr(LocalArtifactStore, "put", refuse)

    result = desk.campaign("build", KEY)

    tables = desk.place.tables()
    assert result.exit_code == 1
    assert tables.run[-1]["error"] == "STORE_UNAVAILABLE: the disk is full"
    assert tables.artifact == []
    assert tables.step_cache == []


def test_what_fails_while_an_output_is_described_publishes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place.write_brief(KEY)

    def fail(_artifact: NewArtifact, _store: LocalArtifactStore) -> dict[str, object]:
        raise CampaignError(ErrorCode.STORE_UNAVAILABLE, "the picture cannot be read")

    monkeypatch.setattr(metadata, "of_file", fail)

    result = desk.campaign("build", KEY)

    tables = desk.place.tables()
    assert result.exit_code == 1
    assert tables.run[-1]["status"] == "failed"
    assert tables.statuses(tables.run[-1]["id"])["bgm"] == ("failed", False)
    assert [row["type"] for row in tables.artifact] == ["json/game-config"]
    assert [row["step_id"] for row in tables.step_cache] == ["game_config"]


class FailingStore:
    """Makes the store fail for the first so many times that something is put into it, and counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, times: int, retryable: bool) -> None:
        self.calls = 0
        put = LocalArtifactStore.put_file

        def fail_at_first(store: LocalArtifactStore, *arguments: Any, **options: Any) -> StoredBlob:
            self.calls += 1
            if self.calls <= times:
                raise CampaignError(ErrorCode.STORE_UNAVAILABLE, "the disk stutters", retryable=retryable)
            return put(store, *arguments, **options)

        monkeypatch.setattr(LocalArtifactStore, "put_file", fail_at_first)


def test_what_a_retry_can_help_while_a_run_opens_is_tried_again(
    any_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_desk.place.write_brief(KEY)
    store = FailingStore(monkeypatch, times=1, retryable=True)

    run = any_desk.build(KEY)

    assert store.calls > 1
    assert (run["status"], run["error"]) == ("completed", None)
    assert any_desk.place.tables().statuses(run["id"]) == dict.fromkeys(STEPS, ("completed", False))


@pytest.mark.parametrize("retryable", [True, False])
def test_what_stops_a_run_while_it_opens_fails_it_with_every_step_in_the_same_words(
    any_desk: Desk, monkeypatch: pytest.MonkeyPatch, *, retryable: bool
) -> None:
    any_desk.place.write_brief(KEY)
    store = FailingStore(monkeypatch, times=99, retryable=retryable)

    result = any_desk.campaign("build", KEY)

    [run] = any_desk.place.tables().run
    steps = any_desk.place.tables().steps_of(run["id"])
    told = "STORE_UNAVAILABLE: the disk stutters"
    # While one step waits for its next attempt, the other that may begin makes one.
    attempts = range(3, 6) if retryable else [1]
    assert result.exit_code == 1
    assert store.calls in attempts
    assert (run["status"], run["error"]) == ("failed", told)
    assert run["started_at"] is not None
    assert {(row["status"], bool(row["cache_hit"]), row["error"]) for row in steps.values()} == {
        ("skipped", False, told)
    }
