"""The colour of a mix, brought within bounds."""

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.audio_choice import audio_model
from campaign_pipeline.providers.synth import balance as balancing
from campaign_pipeline.providers.synth.balance import balance
from campaign_pipeline.skills.generate_bgm_track import generate_bgm_track
from campaign_pipeline_tests.providers.listening import above_300_hz_lu, centroid_hz, faults_of, loop_of

RATE = 44100
BLOCK = balancing._TRANSFORM - 2 * (balancing._TAPS - 1)
"""Frames that are filtered at a time."""
Samples = NDArray[np.float64]


def noise(*, low_hz: float, high_hz: float, seconds: float = 4.0) -> Samples:
    """Make two channels of noise that falls off by 24 dB an octave outside a band."""
    white = np.random.default_rng(7).standard_normal((2, round(seconds * RATE)))
    high = scipy.signal.sosfilt(scipy.signal.butter(4, low_hz, "highpass", fs=RATE, output="sos"), white)
    sound = scipy.signal.sosfilt(scipy.signal.butter(4, high_hz, "lowpass", fs=RATE, output="sos"), high)
    return np.asarray(sound / np.abs(sound).max())


DULL = 0.95 * noise(low_hz=330, high_hz=420) + 0.05 * noise(low_hz=600, high_hz=2000)
SHRILL = noise(low_hz=60, high_hz=3500)
DEEP = 0.7 * noise(low_hz=30, high_hz=90) + 0.3 * noise(low_hz=300, high_hz=3000)
DEEP_AND_SHRILL = 0.65 * noise(low_hz=30, high_hz=90) + 0.35 * noise(low_hz=300, high_hz=4500)


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("mix", [DULL, SHRILL, DEEP, DEEP_AND_SHRILL], ids=["dull", "shrill", "deep", "both"])
def test_a_mix_that_is_out_of_proportion_is_brought_within_bounds(mix: Samples, *, loop: bool) -> None:
    balanced = mix.copy()

    balance(balanced, sample_rate=RATE, loop=loop)

    assert not _is_in_proportion(mix)
    assert _is_in_proportion(balanced)


def _is_in_proportion(mix: Samples) -> bool:
    return 600 <= centroid_hz(mix, rate=RATE) <= 2000 and above_300_hz_lu(mix, rate=RATE, loop=True) >= -3


def test_a_mix_in_proportion_is_left_alone_to_the_bit() -> None:
    mix = noise(low_hz=200, high_hz=900)
    balanced = mix.copy()

    balance(balanced, sample_rate=RATE, loop=True)

    assert _is_in_proportion(mix)
    assert np.array_equal(balanced, mix)


@pytest.mark.parametrize("frames", [30_000, 92_263, 3 * BLOCK, 3 * BLOCK + 5])
def test_a_filter_runs_around_a_loop_and_begins_and_ends_in_silence_otherwise(frames: int) -> None:
    mix = np.random.default_rng(frames).standard_normal((2, frames))
    taps = balancing._taps(-4.0, 1.5, sample_rate=RATE)
    half = len(taps) // 2
    around = np.concatenate((mix[:, -half:], mix, mix[:, :half]), axis=1)
    looping, ending = mix.copy(), mix.copy()

    balancing._filter(looping, taps, loop=True)
    balancing._filter(ending, taps, loop=False)

    for channel in range(2):
        assert np.allclose(looping[channel], np.convolve(around[channel], taps, mode="valid"), atol=1e-12)
        assert np.allclose(ending[channel], np.convolve(mix[channel], taps, mode="same"), atol=1e-12)


@pytest.mark.parametrize(
    "style",
    [
        {"mood": "playful", "genre": "jazz", "seed": 1, "energy_level": 1, "bpm": 60},
    ],
)
def test_pieces_whose_style_is_not_in_proportion_are_put_right(
    style: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = AudioRequest.model_validate({"duration_sec": 10, **style})
    balanced = loop_of(generate_bgm_track(request, model=audio_model("synth")))
    monkeypatch.setattr("campaign_pipeline.providers.synth.play.balance", lambda *_, **__: None)

    left_alone = loop_of(generate_bgm_track(request, model=audio_model("synth")))

    assert faults_of(balanced, rate=RATE) == []
    assert faults_of(left_alone, rate=RATE) != []
