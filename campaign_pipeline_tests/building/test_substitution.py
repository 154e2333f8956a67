"""Who steps in where a provider has failed: what is built, what is told of it, and what is reused of it later."""

from collections.abc import Callable

import pytest

from campaign_pipeline.building.analysis import StepAnalysis
from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers import audio_choice
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.audio import AudioModel, GeneratedAudio
from campaign_pipeline.providers.stub import StubAudioModel
from campaign_pipeline_tests.building.direct import Direct

BROKEN, BUSY = "broken", "busy"


class FailingAudioModel(AudioModel):
    """Fails, and counts how often it was asked to make music."""

    model = None
    version = "1.0.0"

    def __init__(self, provider_id: str, error: CampaignError | None) -> None:
        self.provider_id = provider_id
        self.error = error
        self.calls = 0

    def __call__(self, model: str | None, access: Access) -> AudioModel:
        del model, access
        return self

    def generate(self, request: AudioRequest) -> GeneratedAudio:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return StubAudioModel().generate(request)


Failing = Callable[..., FailingAudioModel]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Offer an audio model that fails."""

    def offer(name: str = BROKEN, code: ErrorCode = ErrorCode.PROVIDER_ERROR) -> FailingAudioModel:
        model = FailingAudioModel(name, CampaignError(code, f"{name} is out of order"))
        monkeypatch.setitem(audio_choice.ADAPTERS, name, model)
        return model

    return offer


def with_fallback(direct: Direct, *names: str) -> None:
    direct.env |= {"CAMPAIGN_AUDIO_PROVIDER": BROKEN, "CAMPAIGN_AUDIO_FALLBACK": ", ".join(names)}
    direct.place.write_brief("demo/small", {"audio": {"provider": None}})


def test_without_being_asked_for_nobody_steps_in(direct: Direct, failing: Failing) -> None:
    failing()
    with_fallback(direct)

    with pytest.raises(CampaignError, match="broken is out of order"):
        direct.build()


@pytest.mark.parametrize(
    "code", [ErrorCode.PROVIDER_ERROR, ErrorCode.GENERATION_FAILED, ErrorCode.BUDGET_EXCEEDED]
)
def test_who_steps_in_is_told_with_the_reason(direct: Direct, failing: Failing, code: ErrorCode) -> None:
    failing(code=code)
    with_fallback(direct, "stub")

    step = direct.build()["bgm"]

    assert step.status == "completed"
    assert step.diagnostics["fallback"] == {
        "provider": "stub",
        "instead_of": [{"provider": BROKEN, "error": f"{code}: broken is out of order"}],
    }
    assert StepAnalysis.of("bgm", step.diagnostics).labelled["fallback"] == (
        f"stub stepped in, because broken failed: {code}: broken is out of order"
    )


def test_each_of_the_list_is_tried_in_its_order(direct: Direct, failing: Failing) -> None:
    failing(), failing(BUSY)
    with_fallback(direct, BUSY, "stub")

    step = direct.build()["bgm"]

    failed = [failure["provider"] for failure in step.diagnostics["fallback"]["instead_of"]]
    assert (failed, step.diagnostics["fallback"]["provider"]) == ([BROKEN, BUSY], "stub")


def test_where_all_fail_each_is_named_and_the_first_decides_the_code(
    direct: Direct, failing: Failing
) -> None:
    failing(code=ErrorCode.GENERATION_FAILED), failing(BUSY)
    with_fallback(direct, BUSY)

    with pytest.raises(CampaignError, match="broken is out of order; busy stood in and failed") as failed:
        direct.build()

    assert failed.value.code is ErrorCode.GENERATION_FAILED


@pytest.mark.parametrize("code", [ErrorCode.STORE_UNAVAILABLE, ErrorCode.VALIDATION_ERROR])
def test_what_nobody_could_do_better_stays_as_it_is(
    direct: Direct, failing: Failing, code: ErrorCode
) -> None:
    failing(code=code)
    with_fallback(direct, "stub")

    with pytest.raises(CampaignError, match="broken is out of order") as failed:
        direct.build()

    assert failed.value.code is code


def test_a_substitute_s_result_is_reused_as_its_own_and_never_as_that_of_who_failed(
    direct: Direct, failing: Failing
) -> None:
    broken = failing()
    with_fallback(direct, "stub")
    first = direct.build()["bgm"]

    again = direct.build()["bgm"]
    broken.error = None
    mended = direct.build()["bgm"]

    assert broken.calls == 3
    assert again.output_artifact_ids == first.output_artifact_ids
    assert again.diagnostics["fallback"]["provider"] == "stub"
    assert mended.output_artifact_ids != first.output_artifact_ids
    assert "fallback" not in mended.diagnostics
    assert mended.input_hash == first.input_hash


def test_a_substitute_takes_what_was_made_by_it_for_its_own_sake(direct: Direct, failing: Failing) -> None:
    failing()
    direct.place.write_brief("demo/small", {"audio": {"provider": "stub"}})
    own = direct.build()["bgm"]
    with_fallback(direct, "stub")

    stood_in = direct.build()["bgm"]

    assert stood_in.output_artifact_ids == own.output_artifact_ids


def test_one_that_is_set_up_wrongly_neither_stands_in_nor_hides_why_somebody_had_to(
    direct: Direct, failing: Failing
) -> None:
    failing()
    with_fallback(direct, "litellm", "stub")  # of which nothing says where it is

    step = direct.build()["bgm"]

    [_, wrong] = step.diagnostics["fallback"]["instead_of"]
    assert (wrong["provider"], step.diagnostics["fallback"]["provider"]) == ("litellm", "stub")
    assert wrong["error"].startswith("VALIDATION_ERROR: ")


def test_a_brief_can_say_that_nobody_is_to_step_in(direct: Direct, failing: Failing) -> None:
    failing()
    with_fallback(direct, "stub")
    direct.place.write_brief("demo/small", {"audio": {"provider": None, "fallback": []}})

    with pytest.raises(CampaignError, match="broken is out of order"):
        direct.build()
