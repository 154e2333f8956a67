"""The music skill, judged by the file that it hands out."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.audio_choice import MODELLESS_AUDIO, audio_model
from campaign_pipeline.skills.generate_bgm_track import BgmTrack, generate_bgm_track, params
from campaign_pipeline_tests.providers.listening import (
    decoded,
    frames_by_pyav,
    loop_of,
    loudness,
    true_peak_dbtp,
)

SHORT: dict[str, object] = {"duration_sec": 10, "sample_rate": 22050}


def _track(provider: str = "synth", **fields: object) -> BgmTrack:
    return generate_bgm_track(AudioRequest.model_validate(fields), model=audio_model(provider))


@pytest.fixture(scope="module")
def half_a_minute() -> BgmTrack:
    return _track(
        prompt="sunny beach afternoon with steel drums and a light bounce",
        genre="tropical pop",
        mood="happy",
        energy_level=0.65,
        bpm=112,
        duration_sec=30,
    )


def test_half_a_minute_is_exact_to_the_sample_in_cd_quality(half_a_minute: BgmTrack) -> None:
    samples, rate = decoded(half_a_minute)

    assert rate == 44100
    assert len(samples) == 2
    assert loop_of(half_a_minute).shape[1] == 30 * 44100
    assert 0.07 <= half_a_minute.loop.start_sec <= 0.1


def test_the_loudness_is_eighteen_below(half_a_minute: BgmTrack) -> None:
    assert loudness(loop_of(half_a_minute), rate=44100, loop=True) == pytest.approx(-18, abs=0.5)


def test_no_true_peak_is_above_one_and_a_half_below(half_a_minute: BgmTrack) -> None:
    assert true_peak_dbtp(loop_of(half_a_minute), loop=True) <= -1.5


def test_the_seam_is_no_larger_than_an_ordinary_step(half_a_minute: BgmTrack) -> None:
    loop = loop_of(half_a_minute)
    seam = np.abs(loop[:, 0] - loop[:, -1])

    assert (seam <= np.quantile(np.abs(np.diff(loop)), 0.999, axis=1)).all()


def test_the_loop_goes_on_into_what_stands_around_it(half_a_minute: BgmTrack) -> None:
    samples, _ = decoded(half_a_minute)
    lead, frames = 4410, 30 * 44100
    before, end = samples[:, 1200:lead], samples[:, frames + 1200 : frames + lead]

    assert np.sqrt(np.mean((before - end) ** 2)) < 0.35 * np.sqrt(np.mean(end**2))


def test_another_decoder_finds_as_many_samples(half_a_minute: BgmTrack) -> None:
    samples, _ = decoded(half_a_minute)

    assert frames_by_pyav(half_a_minute) == samples.shape[1]


def test_the_file_fits_into_a_bundle(half_a_minute: BgmTrack) -> None:
    assert len(half_a_minute.data) < 400_000


def test_the_measures_are_those_of_the_file(half_a_minute: BgmTrack) -> None:
    measures = half_a_minute.measures

    loop = loop_of(half_a_minute)
    assert measures["loudness_lufs"] == pytest.approx(loudness(loop, rate=44100, loop=True), abs=0.1)
    assert measures["true_peak_dbtp"] == pytest.approx(true_peak_dbtp(loop, loop=True), abs=0.1)
    assert 600 <= measures["centroid_hz"] <= 2000
    assert measures["above_300_hz_lu"] >= -3


def test_every_property_of_the_file_has_a_verdict(half_a_minute: BgmTrack) -> None:
    verdicts = {check.name: check.passed for check in half_a_minute.checks}

    assert verdicts == dict.fromkeys(
        ("duration", "channels", "sample_rate", "loudness", "true_peak", "dc", "spectrum", "seam"), True
    )


def test_with_other_rules_of_verification_music_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    request, model = AudioRequest(), audio_model("stub")
    before = params(request, model=model)

    monkeypatch.setattr("campaign_pipeline.skills.generate_bgm_track.VERIFIER", "9.9.9")

    assert params(request, model=model) != before


def test_the_result_is_spelled_as_the_data_model_spells_it(half_a_minute: BgmTrack) -> None:
    result = half_a_minute.result("ab/cd")

    assert result.as_json() == {
        "uri": "ab/cd",
        "metadata": {
            "providerId": "synth",
            "durationSec": 30.0,
            "format": "mp3",
            "sampleRate": 44100,
            "channels": 2,
        },
    }


@pytest.mark.parametrize("provider", sorted(MODELLESS_AUDIO))
@pytest.mark.parametrize("audio_format", ["mp3", "wav"])
@pytest.mark.parametrize("duration_sec", [10, 45.5])
@pytest.mark.parametrize(("channels", "sample_rate"), [(2, 22050), (1, 44100)])
def test_every_track_is_exactly_as_asked(
    provider: str, audio_format: str, duration_sec: float, channels: int, sample_rate: int
) -> None:
    track = _track(
        provider, format=audio_format, duration_sec=duration_sec, channels=channels, sample_rate=sample_rate
    )

    loop = loop_of(track)
    assert loop.shape == (channels, round(duration_sec * sample_rate))
    assert loudness(loop, rate=sample_rate, loop=True) == pytest.approx(-18, abs=0.5)
    assert true_peak_dbtp(loop, loop=True) <= -1.5
    assert track.extension == audio_format


@pytest.mark.parametrize("duration_sec", [60, 300])
def test_long_tracks_are_exact_too(duration_sec: float) -> None:
    track = _track(duration_sec=duration_sec, sample_rate=16000, channels=1, format="wav")

    assert loop_of(track).shape[1] == duration_sec * 16000


def test_a_piece_that_need_not_loop_has_nothing_around_it() -> None:
    track = _track(duration_sec=10, sample_rate=22050, loopable=False)

    samples, _ = decoded(track)
    assert samples.shape[1] == 220500
    assert (track.loop.start_sec, track.loop.end_sec) == (0, 10)
    assert np.abs(samples[:, -50:]).max() < 0.002


def test_equal_parameters_give_equal_bytes_in_another_process() -> None:
    code = (
        "import hashlib\n"
        "from campaign_pipeline.model.audio import AudioRequest\n"
        "from campaign_pipeline.providers.audio_choice import audio_model\n"
        "from campaign_pipeline.skills.generate_bgm_track import generate_bgm_track\n"
        "request = AudioRequest(duration_sec=10, sample_rate=22050)\n"
        "track = generate_bgm_track(request, model=audio_model('synth'))\n"
        "print(hashlib.sha256(track.data).hexdigest())"
    )

    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert (
        elsewhere.stdout.strip()
        == hashlib.sha256(_track(duration_sec=10, sample_rate=22050).data).hexdigest()
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", "another"),
        ("genre", "rock"),
        ("mood", "sad"),
        ("energy_level", 0.6),
        ("bpm", 140),
        ("duration_sec", 10.5),
        ("loopable", False),
        ("format", "wav"),
        ("bitrate_kbps", 64),
        ("sample_rate", 24000),
        ("channels", 1),
        ("seed", 1),
    ],
)
def test_changing_any_one_field_changes_the_bytes_and_the_input_hash(field: str, value: object) -> None:
    model = audio_model("synth")

    base, changed = (AudioRequest.model_validate(fields) for fields in (SHORT, {**SHORT, field: value}))

    assert params(base, model=model) != params(changed, model=model)
    assert generate_bgm_track(base, model=model).data != generate_bgm_track(changed, model=model).data


def test_every_field_of_the_request_takes_part_in_the_input_hash() -> None:
    told = params(AudioRequest(), model=audio_model("stub"))

    assert set(told) == {*AudioRequest.model_fields, "provider_id", "model", "provider_version", "verifier"}
