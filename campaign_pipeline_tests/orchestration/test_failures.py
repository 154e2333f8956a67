"""Steps that fail: which are tried again, and what is left in the tables."""

import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.orchestration import assets, metadata
from campaign_pipeline.providers.audio import GeneratedAudio
from campaign_pipeline.providers.stub import StubAudioModel
from campaign_pipeline.storage import LocalArtifactStore, NewArtifact, StoredBlob
from campaign_pipeline_tests.workplace import Desk

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
    assert provider.calls == assets.RETRIES.max_retries + 1
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
