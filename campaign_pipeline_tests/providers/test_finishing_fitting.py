"""Any sound made as long and wide as was asked, in time."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import SAMPLE_RATES_HZ, AudioRequest
from campaign_pipeline.providers import parallel
from campaign_pipeline.providers.audio import GeneratedAudio
from campaign_pipeline.providers.audio_choice import audio_model
from campaign_pipeline.providers.finishing import fitting
from campaign_pipeline.providers.finishing.bars import filling, way_through
from campaign_pipeline.providers.finishing.channels import folded
from campaign_pipeline.providers.finishing.crossfade import crossfaded
from campaign_pipeline.providers.finishing.fitting import fit
from campaign_pipeline.providers.finishing.onsets import onsets
from campaign_pipeline.providers.finishing.pulse import Pulse, find_pulse
from campaign_pipeline.providers.finishing.resampling import resampled
from campaign_pipeline_tests.providers.listening import Samples, seam
from campaign_pipeline_tests.providers.sounds import band, speech


def _given(samples: Samples, *, rate: int) -> GeneratedAudio:
    return GeneratedAudio(samples=samples, sample_rate=rate, bpm=None, bars=None, loop=False)


def _request(**fields: object) -> AudioRequest:
    return AudioRequest.model_validate({"bpm": 120, "duration_sec": 20, **fields})


def _struck(*, bpm: float, seconds: float, rate: int = 44100) -> Samples:
    """Strike once a beat, every time with another noise."""
    struck = np.zeros((1, round(seconds * rate)))
    draw = np.random.default_rng(4)
    for beat in np.arange(0, seconds - 0.1, 60 / bpm):
        start, length = round(beat * rate), rate // 15
        struck[0, start : start + length] += draw.standard_normal(length) * np.exp(
            -np.arange(length) * 110 / rate
        )
    return struck


def _strikes_s(samples: Samples, *, rate: int) -> Samples:
    envelope = scipy.signal.lfilter([0.01], [1, -0.99], np.abs(samples[0]))
    peaks, _ = scipy.signal.find_peaks(envelope, height=0.4 * envelope.max(), distance=rate // 5)
    return np.asarray(peaks / rate)


@pytest.mark.parametrize(
    ("bpm", "asked_bpm", "seconds", "duration_sec", "beats"),
    [
        (117, 120, 31.7, 30, 58),
        (120, 120, 31.0, 30, 60),
        (120, 120, 30.0, 30, 60),
        (95.5, 90, 40, 20, 32),
        (120, 120, 12.3, 60, 120),
        (64, 60, 16.5, 60, 64),
    ],
    ids=["beats at −0.9 %", "bars", "no room to fade", "another tempo", "repeated", "repeated often"],
)
def test_a_loop_keeps_time_over_its_seam_and_every_joint(
    bpm: float, asked_bpm: float, seconds: float, duration_sec: float, beats: int
) -> None:
    request = _request(bpm=asked_bpm, duration_sec=duration_sec, channels=1)

    fitted = fit(_given(_struck(bpm=bpm, seconds=seconds), rate=44100), request=request)

    strikes = _strikes_s(np.tile(fitted.samples, (1, 2)), rate=44100)
    assert fitted.bpm == pytest.approx(beats * 60 / duration_sec)
    assert fitted.bars == (beats // 4 if beats % 4 == 0 else None)
    assert len(strikes) in {2 * beats - 1, 2 * beats}
    assert np.diff(strikes) == pytest.approx(duration_sec / beats, abs=0.012)


def test_the_speed_is_changed_by_two_percent_at_most() -> None:
    for bpm in np.arange(70, 180, 0.7):
        best = filling(30, pulse=Pulse(first_s=0.1, beat_s=60 / bpm))[0]

        assert abs(best.length_s / 30 - 1) <= 0.02


def test_without_a_pulse_the_speed_stays() -> None:
    voice = speech(seconds=25)
    voice -= voice.mean()

    fitted = fit(_given(voice.copy(), rate=24000), request=_request(sample_rate=24000, channels=1))

    assert fitted.bpm is None
    assert fitted.bars is None
    assert fitted.details["speed_change_percent"] == 0
    part = fitted.samples[0, 24000:72000]
    likeness = scipy.signal.correlate(voice[0], part, mode="valid")
    start = int(np.argmax(likeness))
    assert np.allclose(voice[0, start : start + 48000], part)


@pytest.mark.parametrize("loop", [True, False])
def test_what_is_made_to_order_passes_untouched(loop: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    request = _request(loopable=loop, duration_sec=10)
    made = audio_model("synth").generate(request)
    monkeypatch.setattr(fitting, "_heard", pytest.fail)

    assert fit(made, request=request) is made


@pytest.mark.parametrize("seconds", [30.0, 33.0])
def test_a_loop_of_a_piece_that_fades_out_stays_as_loud_to_its_end(seconds: float) -> None:
    piece = band(bpm=120, seconds=seconds)
    piece[:, -6 * 44100 :] *= np.linspace(1, 0, 6 * 44100)

    fitted = fit(_given(piece, rate=44100), request=_request(duration_sec=30))

    levels = [_level_db(part) for part in np.array_split(fitted.samples, 15, axis=1)]
    assert min(levels) > np.median(levels) - 6
    assert levels[0] - levels[-1] < 6
    assert fitted.bpm == pytest.approx(120)
    assert fitted.details["played_parts"] == 2


def test_an_end_that_is_only_quieter_is_music_all_the_same() -> None:
    piece = band(bpm=120, seconds=33.0)
    piece[:, -13 * 44100 :] *= 10 ** (-7 / 20)

    fitted = fit(_given(piece, rate=44100), request=_request(duration_sec=30))

    assert fitted.details["played_parts"] == 1


def _level_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(samples))))


@pytest.mark.parametrize("seconds", [9.0, 12.0])
def test_a_fade_is_kept_where_too_little_would_be_left_without_it(seconds: float) -> None:
    piece = band(bpm=120, seconds=seconds)
    piece[:, -5 * 44100 :] *= np.linspace(1, 0, 5 * 44100)

    fitted = fit(_given(piece, rate=44100), request=_request(duration_sec=30))

    assert fitted.samples.shape == (2, 30 * 44100)


def test_a_tempo_that_the_provider_tells_is_looked_for_first() -> None:
    struck = _struck(bpm=170, seconds=24)
    sound = _given(struck.copy(), rate=44100)

    told = fit(replace(sound, bpm=170.0), request=_request(bpm=90, channels=1))
    untold = fit(_given(struck, rate=44100), request=_request(bpm=90, channels=1))

    assert told.bpm == pytest.approx(170, rel=0.02)
    assert untold.bpm == pytest.approx(85, rel=0.02)


@settings(max_examples=25, deadline=None)
@given(
    seconds=st.floats(1, 26),
    rate=st.sampled_from([8000, 11025, 16000, 22050, 32000]),
    channels=st.integers(1, 3),
    asked_rate=st.sampled_from(SAMPLE_RATES_HZ[:3]),
    asked_channels=st.integers(1, 2),
    duration_sec=st.floats(10, 24),
    bpm=st.floats(60, 200),
    loopable=st.booleans(),
    pulse=st.booleans(),
)
def test_the_frames_are_exact_or_the_sound_is_refused_as_too_short(
    *,
    seconds: float,
    rate: int,
    channels: int,
    asked_rate: int,
    asked_channels: int,
    duration_sec: float,
    bpm: float,
    loopable: bool,
    pulse: bool,
) -> None:
    request = _request(
        bpm=bpm,
        duration_sec=duration_sec,
        sample_rate=asked_rate,
        channels=asked_channels,
        loopable=loopable,
    )
    sound = (
        _struck(bpm=bpm * 1.03, seconds=seconds, rate=rate)
        if pulse
        else np.sin(np.arange(seconds * rate) / 9)
    )
    samples = np.tile(sound, (channels, 1))

    fitted = _fit_or_too_short(_given(samples, rate=rate), request=request)

    if fitted is None:
        assert seconds < min(max(8, 960 / min(bpm, 60)), duration_sec)
    else:
        assert fitted.samples.shape == (asked_channels, request.frames)
        assert fitted.sample_rate == asked_rate
        assert np.isfinite(fitted.samples).all()
        assert not loopable or seam(fitted.samples) <= 1


def _fit_or_too_short(generated: GeneratedAudio, *, request: AudioRequest) -> GeneratedAudio | None:
    try:
        return fit(generated, request=request)
    except CampaignError as error:
        if error.code is ErrorCode.GENERATION_FAILED and "are needed, to be repeated" in error.message:
            return None
        raise


@pytest.mark.parametrize("bpm", [66.0, 93.7, 117.0, 120.0, 174.3])
@pytest.mark.parametrize("off", [0.85, 1.0, 1.2])
def test_the_pulse_of_music_is_found_to_a_tenth_of_a_beat_in_a_minute(bpm: float, off: float) -> None:
    sound = band(bpm=bpm, seconds=40)[0]

    pulse = find_pulse(onsets(sound, sample_rate=44100), near_bpm=bpm * off)

    assert pulse is not None
    assert pulse.bpm == pytest.approx(bpm, abs=0.1)
    assert min(pulse.first_s % (60 / bpm), -pulse.first_s % (60 / bpm)) < 0.03


@pytest.mark.parametrize("seed", range(3))
def test_noise_and_speech_have_no_pulse(seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal(20 * 22050)

    found = [
        find_pulse(onsets(sound, sample_rate=rate), near_bpm=120)
        for sound, rate in ((noise, 22050), (speech(seconds=30, seed=seed)[0], 24000))
    ]

    assert found == [None, None]


@pytest.mark.parametrize("length_s", [8.0, 9.5, 14.3, 29.0, 29.9, 30.6, 200.0])
@pytest.mark.parametrize("bpm", [60, 87.2, 120, 199])
def test_a_way_stays_within_the_sound_and_fills_what_is_asked(length_s: float, bpm: float) -> None:
    grids = filling(30, pulse=Pulse(first_s=0.2, beat_s=60 / bpm))

    way = way_through(length_s, grids=grids)

    assert way is not None
    assert sum(part.units for part in way.parts) == way.grid.count
    assert way.fade_s <= way.start_s
    assert way.end_s <= length_s
    for part in way.parts:
        assert part.first >= 0
        assert part.units * way.unit_s >= min(2, way.length_s)


@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
def test_a_crossfade_is_as_loud_as_what_it_joins(alike: float) -> None:
    draw = np.random.default_rng(0)
    one, other = draw.standard_normal((2, 1, 200_000))
    other = alike * one + (1 - alike**2) ** 0.5 * other

    mixed = crossfaded(one, other)

    for part in np.array_split(mixed[0], 10):
        assert np.sqrt(np.mean(np.square(part))) == pytest.approx(1, abs=0.04)
    assert mixed[0, -1] == pytest.approx(other[0, -1])


def test_folding_keeps_what_two_channels_have_in_common_and_turns_round_what_is_opposed() -> None:
    one, other = np.random.default_rng(0).standard_normal((2, 1000))

    assert np.array_equal(folded(one[None, :], channels=2), np.stack((one, one)))
    assert np.array_equal(folded(np.stack((one, other)), channels=1)[0], (one + other) / 2)
    assert np.array_equal(folded(np.stack((one, -one)), channels=1)[0], one)
    assert np.array_equal(folded(np.stack((one, -one)), channels=2), np.stack((one, one)))
    assert folded(np.stack((one, other) * 4), channels=2).shape == (2, 1000)


@pytest.mark.parametrize("ratio", [1 / 12, 1 / 3, 0.459375, 0.91875, 0.99991, 1.0, 1.01, 2.0, 6.0])
def test_a_resampled_tone_is_the_same_tone_at_the_same_time(ratio: float) -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)[None, :]

    heard = resampled(tone, ratio=ratio)[0]

    expected = np.sin(2 * np.pi * 1000 * np.arange(len(heard)) / ratio / 48000)
    inside = slice(len(heard) // 20, -len(heard) // 20)
    assert len(heard) == pytest.approx(48000 * ratio, abs=1)
    assert np.abs(heard - expected)[inside].max() < 1e-5


@pytest.mark.parametrize("ratio", [1 / 3, 0.459375, 0.91875, 0.987654321, 1.0123])
def test_resampling_keeps_nine_tenths_of_the_band_and_nothing_of_what_has_no_place_in_it(
    ratio: float,
) -> None:
    band_hz = 24000 * min(1, ratio)
    time = np.arange(2 * 48000) / 48000
    kept, lost = (np.sin(2 * np.pi * share * band_hz * time)[None, :] for share in (0.9, 1.01))

    levels = [float(np.std(resampled(tone, ratio=ratio)[0, 3000:-3000])) for tone in (kept, lost)]

    assert levels[0] == pytest.approx(0.5**0.5, rel=1e-3)
    if ratio < 1:
        assert levels[1] < 1e-4


@pytest.mark.parametrize("ratio", [0.9123456789, 1.0087654321, 0.99991, 1.00001, 0.918751])
def test_any_ratio_is_met_to_half_a_frame_at_the_end_of_five_minutes(ratio: float) -> None:
    frames = 300 * 16000
    late = np.zeros((1, frames))
    late[0, -8000] = 1.0

    heard = resampled(late, ratio=ratio)[0]

    assert np.argmax(heard) == pytest.approx((frames - 8000) * ratio, abs=1)


@pytest.mark.parametrize("ratio", [0.5, 0.91875])
def test_what_is_written_over_itself_is_what_would_be_written_elsewhere(ratio: float) -> None:
    noise = np.random.default_rng(3).standard_normal((2, 700_001))
    parts = [noise[:, :400_000].copy(), noise.copy()]

    short, whole = (resampled(part, ratio=ratio) for part in parts)

    alike = round(390_000 * ratio)
    assert np.allclose(short[:, :alike], whole[:, :alike], rtol=0, atol=1e-12)
    assert np.shares_memory(whole, parts[1])


def test_resampling_is_the_same_on_any_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(3).standard_normal((2, 300_000))
    heard = []

    for cores in (1, 2, 5):
        monkeypatch.setattr(parallel, "_cores", lambda cores=cores: cores)
        heard.append(resampled(noise.copy(), ratio=0.91875))

    assert np.array_equal(heard[0], heard[1])
    assert np.array_equal(heard[0], heard[2])
