"""The finishing chain, against measurements that share no code with it."""

import io
import struct
import threading
import zlib

import numpy as np
import pytest
import scipy.signal
import soundfile

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioFormat, AudioRequest
from campaign_pipeline.providers import parallel
from campaign_pipeline.providers.audio import GeneratedAudio
from campaign_pipeline.providers.finishing.chain import finish
from campaign_pipeline.providers.finishing.encoding import Encoding, encode
from campaign_pipeline.providers.finishing.loudness import integrated_loudness
from campaign_pipeline.providers.finishing.mastering import master
from campaign_pipeline.providers.finishing.mp3 import nearest_bitrate
from campaign_pipeline.providers.finishing.peaks import true_peak
from campaign_pipeline.providers.finishing.playback import play_into
from campaign_pipeline.providers.finishing.waveform import HEIGHT, WIDTH, draw_waveform
from campaign_pipeline.providers.hearing import k_weighting
from campaign_pipeline_tests.providers.listening import Samples, loudness, true_peak_dbtp


def _coloured_noise(*, rate: int, seconds: float, seed: int = 1) -> Samples:
    noise = np.random.default_rng(seed).standard_normal((2, round(rate * seconds)))
    swell = 0.8 + np.abs(np.sin(np.linspace(0, 9, noise.shape[1])))
    coloured: Samples = scipy.signal.lfilter([0.1], [1, -0.9], noise * swell) * 0.3
    return coloured


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("loop", [True, False])
def test_loudness_agrees_with_pyloudnorm(rate: int, loop: bool) -> None:  # noqa: FBT001
    samples = _coloured_noise(rate=rate, seconds=12)

    measured = integrated_loudness(samples, sample_rate=rate, loop=loop)

    assert measured == pytest.approx(loudness(samples, rate=rate, loop=loop), abs=0.1)


def test_the_weighting_curve_is_the_standards_two_biquads() -> None:
    hz = np.geomspace(20, 20000, 50)
    _, shelf = scipy.signal.freqz(
        [1.53512485958697, -2.69169618940638, 1.19839281085285],
        [1, -1.69065929318241, 0.73248077421585],
        hz,
        fs=48000,
    )
    _, high_pass = scipy.signal.freqz([1, -2, 1], [1, -1.99004745483398, 0.99007225036621], hz, fs=48000)

    curve = k_weighting(hz, sample_rate=48000)

    assert np.allclose(curve, shelf * high_pass, rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_true_peaks_agree_with_polyphase_resampling(seed: int) -> None:
    samples = _coloured_noise(rate=44100, seconds=3, seed=seed)

    measured = 20 * np.log10(true_peak(samples, loop=True))

    assert measured == pytest.approx(true_peak_dbtp(samples, loop=True), abs=0.1)


def test_a_peak_between_two_samples_is_found() -> None:
    tone = np.sin(2 * np.pi * np.arange(44100) / 4 + np.pi / 4)[None, :]

    assert np.abs(tone).max() == pytest.approx(0.7071, abs=1e-3)
    assert true_peak(tone, loop=True) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("loop", [True, False])
def test_hard_peaks_are_held_and_the_loudness_is_met(loop: bool) -> None:  # noqa: FBT001
    samples = _coloured_noise(rate=44100, seconds=10)
    samples[:, ::22050] += 6.0
    samples += 0.2

    master(samples, sample_rate=44100, loop=loop, ceiling_dbtp=-3)

    assert true_peak_dbtp(samples, loop=loop) <= -2.8
    assert loudness(samples, rate=44100, loop=loop) == pytest.approx(-18, abs=0.5)
    assert np.abs(samples.mean(axis=1)).max() < 1e-3
    assert np.array_equal(samples * 32768, np.rint(samples * 32768))


@pytest.mark.parametrize(
    ("asked", "rate", "nearest"),
    [(96, 44100, 96), (100, 44100, 96), (320, 48000, 320), (32, 44100, 32), (96, 22050, 96)],
)
def test_the_bit_rate_is_constant_and_the_nearest(asked: int, rate: int, nearest: int) -> None:
    samples = _coloured_noise(rate=rate, seconds=10) * 0.2
    encoding = Encoding(audio_format="mp3", sample_rate=rate, channels=2, bitrate_kbps=asked, loop=False)

    data = encode(samples, encoding=encoding)

    assert nearest_bitrate(asked, sample_rate=rate) == nearest
    assert len(data) * 8 / 10 / 1000 == pytest.approx(nearest, rel=0.02)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [22050, 44100])
def test_an_mp3_decodes_to_what_was_encoded_at_the_same_level(channels: int, rate: int) -> None:
    time = np.arange(rate * 2) / rate
    tones = [np.sin(2 * np.pi * hz * time) * np.hanning(len(time)) / 4 for hz in (440, 660)]
    samples = np.stack(tones[:channels])
    heard = np.zeros_like(samples)
    encoding = Encoding(audio_format="mp3", sample_rate=rate, channels=channels, bitrate_kbps=128, loop=True)

    played = play_into(heard, encode(samples, encoding=encoding), encoding=encoding)

    heard = np.roll(played.samples, played.before - encoding.lead, axis=1)
    assert (played.channels, played.sample_rate) == (channels, rate)
    assert heard.shape == samples.shape
    assert np.sqrt(np.mean((heard - samples) ** 2)) < 0.03 * np.sqrt(np.mean(samples**2))


def _struck_on_the_first_beat(*, rate: int, channels: int) -> Samples:
    """Make a loop that is hardest to code just where it is joined: quiet tones, and a burst of noise on beat one."""
    time = np.arange(rate * 4) / rate
    tones = np.stack([np.sin(2 * np.pi * hz * time) * 0.1 for hz in (220, 330)])
    burst = np.random.default_rng(3).standard_normal((2, rate // 4)) * np.exp(-np.arange(rate // 4) / 2000)
    tones[:, : rate // 4] += 0.2 * burst
    return tones[:channels]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("rate", "kbps"), [(44100, 96), (44100, 64), (22050, 32), (16000, 32)])
def test_an_mp3_is_joined_before_a_beat_that_coding_made_rough(rate: int, kbps: int, channels: int) -> None:
    samples = _struck_on_the_first_beat(rate=rate, channels=channels)
    encoding = Encoding(audio_format="mp3", sample_rate=rate, channels=channels, bitrate_kbps=kbps, loop=True)

    data = encode(samples, encoding=encoding)
    frames, first = samples.shape[1], play_into(samples, data, encoding=encoding).before

    whole = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)[0].T
    on_the_beat = np.abs(whole[:, encoding.lead] - whole[:, encoding.lead + frames - 1]).max()
    joined = np.abs(whole[:, first] - whole[:, first + frames - 1]).max()
    tone_step = 2 * np.pi * 330 / rate * 0.1
    assert joined <= 1.2 * tone_step
    assert joined < on_the_beat
    assert 0 <= encoding.lead - first <= round(0.03 * rate)
    assert encoding.tail + encoding.lead - first <= encoding.lead == 0.1 * rate


def test_of_places_as_good_the_loop_is_joined_nearest_to_its_first_beat() -> None:
    encoding = Encoding(audio_format="mp3", sample_rate=44100, channels=1, bitrate_kbps=96, loop=True)

    samples = np.full((1, 44100), 0.1)
    played = play_into(samples, encode(samples, encoding=encoding), encoding=encoding)

    assert played.before == encoding.lead


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("audio_format", ["mp3", "wav"])
def test_no_file_is_read_or_written_where_an_interrupt_would_be_lost(
    audio_format: AudioFormat, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_in: list[threading.Thread] = []
    opened = soundfile.SoundFile.__init__

    def watched(*args: object, **options: object) -> None:
        opened_in.append(threading.current_thread())
        opened(*args, **options)

    monkeypatch.setattr(soundfile.SoundFile, "__init__", watched)
    monkeypatch.setattr(parallel, "_cores", lambda: cores)
    samples = _coloured_noise(rate=44100, seconds=10) * 0.2
    encoding = Encoding(audio_format=audio_format, sample_rate=44100, channels=2, bitrate_kbps=96, loop=True)

    play_into(samples, encode(samples, encoding=encoding), encoding=encoding)

    assert len(opened_in) >= 2
    assert threading.main_thread() not in opened_in


def test_a_wav_holds_the_very_samples() -> None:
    samples = np.rint(_coloured_noise(rate=44100, seconds=1) * 4096) / 32768
    heard = np.zeros_like(samples)
    encoding = Encoding(audio_format="wav", sample_rate=44100, channels=2, bitrate_kbps=96, loop=True)

    play_into(heard, encode(samples, encoding=encoding), encoding=encoding)

    assert np.array_equal(heard, samples)


def _generated(samples: Samples, request: AudioRequest) -> GeneratedAudio:
    return GeneratedAudio(
        samples=samples, sample_rate=request.sample_rate, bpm=120, bars=5, loop=request.loopable
    )


def test_silence_is_refused() -> None:
    request = AudioRequest(duration_sec=10)

    with pytest.raises(CampaignError, match="silent") as caught:
        finish(_generated(np.zeros((2, request.frames)), request), request=request)

    assert caught.value.code is ErrorCode.GENERATION_FAILED


def test_a_step_at_the_seam_is_refused() -> None:
    request = AudioRequest(duration_sec=10, format="wav", channels=1)
    ramp = np.sin(2 * np.pi * np.linspace(0, 2000.25, request.frames))[None, :]

    with pytest.raises(CampaignError, match="seam"):
        finish(_generated(ramp, request), request=request)


def test_the_waveform_is_a_small_valid_png_of_two_tones() -> None:
    samples = _coloured_noise(rate=8000, seconds=4)

    png = draw_waveform(samples)

    width, height, bits, kind = struct.unpack(">IIBB", png[16:26])
    data = png[png.index(b"IDAT") + 4 : png.index(b"IEND") - 8]
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert (width, height, bits, kind) == (WIDTH, HEIGHT, 2, 3)
    assert len(zlib.decompress(data)) == HEIGHT * (1 + WIDTH // 4)
    # Base64 and the markdown around it: under the thousand characters from which Dagster folds it away.
    assert len(png) * 4 / 3 + 60 < 1000
