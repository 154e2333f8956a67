"""The contract of the AudioModel port, over all adapters that are shipped."""

import json
import subprocess
import sys

import numpy as np
import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.access import Access
from campaign_pipeline.providers.audio import AudioModel
from campaign_pipeline.providers.audio_choice import MODELLESS_AUDIO, SHIPPED_PROVIDERS, audio_model
from campaign_pipeline_tests.servers.http_server import LocalServer
from campaign_pipeline_tests.servers.speech_server import speech


@pytest.fixture(params=SHIPPED_PROVIDERS)
def model(request: pytest.FixtureRequest, http_server: LocalServer) -> AudioModel:
    http_server.answers(speech())
    name = None if request.param in MODELLESS_AUDIO else "music"
    return audio_model(request.param, model=name, access=Access(litellm_url=http_server.url))


@pytest.fixture(params=sorted(MODELLESS_AUDIO))
def own_model(request: pytest.FixtureRequest) -> AudioModel:
    """One of ours, which makes what was asked; a vendor's makes what it can."""
    return audio_model(request.param)


def test_a_model_says_who_it_is(model: AudioModel) -> None:
    assert model.provider_id in SHIPPED_PROVIDERS
    assert model.version


def test_a_model_that_can_be_asked_misses_nothing(model: AudioModel) -> None:
    assert model.missing() is None


def test_a_model_says_what_it_misses(own_model: AudioModel) -> None:
    assert own_model.missing() is None
    assert audio_model("litellm", model="music").missing() == "LITELLM_BASE_URL is not set"
    assert audio_model("litellm").missing() == "neither audio.model nor CAMPAIGN_AUDIO_MODEL is set"


def test_what_shapes_the_music_beside_the_request_can_be_hashed(model: AudioModel) -> None:
    told = model.params()

    assert json.loads(json.dumps(told)) == told
    assert told == model.params()


def test_sound_has_a_shape_and_a_rate(model: AudioModel) -> None:
    generated = model.generate(AudioRequest(duration_sec=10))

    assert generated.samples.dtype == np.float64
    assert 1 <= len(generated.samples) <= 2
    assert generated.samples.shape[1] > 5 * generated.sample_rate


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sample_rate", [22050, 44100])
@pytest.mark.parametrize("duration_sec", [10.0, 12.345])
def test_sound_is_exactly_as_long_and_wide_as_asked(
    own_model: AudioModel, channels: int, sample_rate: int, duration_sec: float
) -> None:
    request = AudioRequest(duration_sec=duration_sec, sample_rate=sample_rate, channels=channels)

    generated = own_model.generate(request)

    assert generated.samples.shape == (channels, round(duration_sec * sample_rate))
    assert generated.sample_rate == sample_rate


def test_equal_requests_give_equal_samples(model: AudioModel) -> None:
    request = AudioRequest(duration_sec=10)

    first, second = model.generate(request), model.generate(request)

    assert np.array_equal(first.samples, second.samples)


def test_sound_is_finite_and_audible(model: AudioModel) -> None:
    generated = model.generate(AudioRequest(duration_sec=10))

    assert np.isfinite(generated.samples).all()
    assert np.abs(generated.samples).max() > 0.01


@pytest.mark.parametrize(("bpm", "duration_sec"), [(60.0, 10.0), (97.0, 30.0), (200.0, 45.5), (128.0, 300.0)])
def test_whole_bars_at_the_nearest_tempo_fill_a_loop(
    own_model: AudioModel, bpm: float, duration_sec: float
) -> None:
    request = AudioRequest(bpm=bpm, duration_sec=duration_sec, sample_rate=16000, channels=1)

    generated = own_model.generate(request)

    assert generated.bars is not None
    assert generated.bpm is not None
    assert generated.bars * 4 * 60 / generated.bpm == pytest.approx(duration_sec)
    for bars in (generated.bars - 1, generated.bars + 1):
        assert abs(generated.bpm - bpm) <= abs(bars * 240 / duration_sec - bpm) + 1e-9


def test_what_does_not_loop_keeps_the_asked_tempo_and_ends_quietly() -> None:
    generated = audio_model("synth").generate(AudioRequest(bpm=97, duration_sec=14, loopable=False))

    assert generated.bpm == 97
    assert not generated.loop
    assert np.abs(generated.samples[:, -100:]).max() < 1e-3 * np.abs(generated.samples).max()


def test_an_unknown_provider_is_refused_and_the_shipped_ones_are_named() -> None:
    with pytest.raises(
        CampaignError, match=r"VALIDATION_ERROR.*'sinth'.*did you mean 'synth'.*stub, synth"
    ) as caught:
        audio_model("sinth")

    assert caught.value.code is ErrorCode.VALIDATION_ERROR


def test_a_model_cannot_be_chosen_where_there_is_only_one() -> None:
    with pytest.raises(CampaignError, match=r"audio\.model: 'x'"):
        audio_model("synth", model="x")


def test_choosing_a_model_and_hashing_its_params_loads_no_numbers_no_codecs_and_no_client() -> None:
    heavy = {"numpy", "soundfile", "samplerate", "PIL", "dagster", "httpx2", "litellm", "anthropic"}
    code = (
        "import sys; import campaign_pipeline.skills.generate_bgm_track;"
        "from campaign_pipeline.providers.audio_choice import SHIPPED_PROVIDERS, audio_model;"
        "told = [audio_model(name).params() for name in SHIPPED_PROVIDERS];"
        f"print(sorted({heavy} & set(sys.modules)))"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
