"""Whatever a provider sends is finished to specification, or refused with the reason; measured independently."""

import tracemalloc

import numpy as np
import pytest

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.skills.generate_bgm_track import BgmTrack, generate_bgm_track
from campaign_pipeline_tests.providers.listening import (
    Samples,
    decoded,
    frames_by_pyav,
    loop_of,
    loudness,
    seam,
    true_peak_dbtp,
)
from campaign_pipeline_tests.providers.sounds import SentAudioModel, band, file_of, speech

PIECE = band(bpm=117, seconds=31.7, rate=48000)
MONO = band(bpm=110, seconds=24, rate=22050, channels=1)
FINE = band(bpm=100, seconds=25)
VOICE = speech(seconds=14)
NOISE = np.clip(np.random.default_rng(2).standard_normal((2, 20 * 44100)) * 5, -1, 1)

SENT = {
    "speech": file_of(VOICE, rate=24000),
    "mono at 22 kHz": file_of(MONO, rate=22050),
    "music at 117 bpm and 48 kHz": file_of(PIECE, rate=48000),
    "stereo out of phase": file_of(np.stack((PIECE[0], -PIECE[0])), rate=48000),
    "two seconds of silence before": file_of(np.pad(MONO, ((0, 0), (44100, 0))), rate=22050),
    "a 24-bit WAV": file_of(FINE, rate=44100, subtype="PCM_24"),
    "an MP3": file_of(FINE, rate=44100, kind="MP3", subtype="MPEG_LAYER_III"),
    "an Ogg": file_of(FINE, rate=44100, kind="OGG", subtype="VORBIS"),
    "music with DC, clipped": file_of(3 * FINE + 0.2, rate=44100),
    "quiet music": file_of(FINE / 100, rate=44100, subtype="PCM_24"),
    "six channels": file_of(np.tile(FINE / 2, (3, 1)), rate=44100, subtype="PCM_24"),
    "a steady tone": file_of(np.sin(np.arange(12 * 44100) / 20)[None, :] / 4, rate=44100),
}


def _track(data: bytes, **fields: object) -> BgmTrack:
    request = AudioRequest.model_validate({"bpm": 120, "duration_sec": 20, **fields})
    return generate_bgm_track(request, model=SentAudioModel(data))


@pytest.mark.parametrize("sent", SENT)
@pytest.mark.parametrize(
    "fields",
    [
        {"format": "wav"},
        {"format": "mp3"},
        {"format": "mp3", "loopable": False, "channels": 1, "sample_rate": 22050, "bitrate_kbps": 48},
    ],
    ids=["WAV loop", "MP3 loop", "small MP3 that ends"],
)
def test_any_music_and_speech_is_finished_to_specification(sent: str, fields: dict[str, object]) -> None:
    track = _track(SENT[sent], **fields)

    loop, (whole, rate) = loop_of(track), decoded(track)
    asked = AudioRequest.model_validate(fields)
    assert loop.shape == (asked.channels, 20 * asked.sample_rate)
    assert frames_by_pyav(track) == whole.shape[1]
    assert loudness(loop, rate=rate, loop=asked.loopable) == pytest.approx(-18, abs=0.5)
    assert true_peak_dbtp(loop, loop=asked.loopable) <= -1.5
    assert np.abs(loop.mean(axis=1)).max() < 1e-3
    assert all(check.passed for check in track.checks)
    if asked.loopable:
        assert seam(loop) <= 1
    else:
        assert np.abs(loop[:, -100:]).max() < 0.01


@pytest.mark.parametrize(("rate", "kbps", "channels"), [(48000, 48, 1), (44100, 32, 2), (16000, 32, 2)])
def test_where_a_low_bit_rate_takes_loudness_or_moves_peaks_the_level_is_met_all_the_same(
    rate: int, kbps: int, channels: int
) -> None:
    track = _track(SENT["speech"], sample_rate=rate, bitrate_kbps=kbps, channels=channels, duration_sec=12)

    loop = loop_of(track)
    assert loudness(loop, rate=rate, loop=True) == pytest.approx(-18, abs=0.5)
    assert true_peak_dbtp(loop, loop=True) <= -1.5


@pytest.mark.parametrize("audio_format", ["mp3", "wav"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            file_of(np.zeros((2, 20 * 44100)), rate=44100),
            "the provider's sound is silent; music is expected",
        ),
        (
            file_of(np.full((2, 20 * 44100), 0.3), rate=44100),
            "the provider's sound is silent; music is expected",
        ),
        (
            file_of(np.random.default_rng(1).standard_normal((1, 20 * 44100)) / 8000, rate=44100),
            "the provider's sound is silent; music is expected",
        ),
        (file_of(NOISE, rate=44100), "a flatness of 1.00; music of 60 to 9000 Hz"),
        (
            file_of(band(bpm=120, seconds=3), rate=44100),
            "audio.duration_sec: 20 s are asked, and the provider gave 3.0 s of sound; at least 8.0 s are needed",
        ),
    ],
    ids=["silence", "a constant", "the noise of a converter", "clipped noise", "three seconds"],
)
def test_what_cannot_be_music_is_refused_with_the_reason(data: bytes, reason: str, audio_format: str) -> None:
    with pytest.raises(CampaignError) as caught:
        _track(data, format=audio_format)

    assert caught.value.code is ErrorCode.GENERATION_FAILED
    assert reason in caught.value.message


def test_what_was_done_to_the_sound_is_told() -> None:
    track = _track(SENT["music at 117 bpm and 48 kHz"], format="wav", duration_sec=30)

    assert track.bpm in {116, 118}
    assert track.bars is None
    assert track.details["source_duration_sec"] == pytest.approx(31.7, abs=0.05)
    assert track.details["speed_change_percent"] == pytest.approx(100 * (track.bpm / 117 - 1), abs=0.02)
    assert track.details["crossfade_sec"] == pytest.approx(0.26, abs=0.01)
    assert track.details["played_parts"] == 1


@pytest.mark.parametrize("loopable", [True, False])
def test_of_a_long_answer_little_more_memory_is_taken_than_its_sound_needs(loopable: bool) -> None:  # noqa: FBT001
    sent = file_of(band(bpm=120, seconds=125, rate=48000), rate=48000)
    needed = 125 * 48000 * 2 * 8

    tracemalloc.start()
    _track(sent, format="wav", duration_sec=120, loopable=loopable)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # The sound itself, and one channel of it; no second buffer of its size.
    assert peak < 1.75 * needed


def test_of_sound_out_of_phase_nothing_is_lost_on_one_speaker() -> None:
    loop = loop_of(_track(SENT["stereo out of phase"], format="wav"))

    both, one = np.mean(np.square(loop)), np.mean(np.square(loop.mean(axis=0)))
    assert one > 0.9 * both


def test_a_piece_that_ends_begins_where_its_silence_does() -> None:
    loop = loop_of(_track(SENT["two seconds of silence before"], format="wav", loopable=False))

    assert _level(loop[:, :4410]) > 0.1 * _level(loop)


def _level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))
