"""What is verified is the file, as a player hears it that begins at its beginning."""

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.audio_choice import audio_model
from campaign_pipeline.providers.finishing import takes
from campaign_pipeline.providers.finishing.encoding import Encoding, encode
from campaign_pipeline.providers.finishing.playback import play_into
from campaign_pipeline.skills.generate_bgm_track import generate_bgm_track
from campaign_pipeline_tests.providers.listening import Samples, decoded, loop_of, seam
from campaign_pipeline_tests.providers.sounds import band

SMALL = [
    (rate, channels, kbps)
    for rate in (44100, 48000)
    for channels, kbps in ((2, 32), (2, 40), (2, 48), (2, 56), (1, 32), (1, 48))
]


def _encoding(rate: int, channels: int, kbps: int, *, loop: bool = True) -> Encoding:
    return Encoding(audio_format="mp3", sample_rate=rate, channels=channels, bitrate_kbps=kbps, loop=loop)


def _linear(data: bytes) -> Samples:
    """Decode from the first frame on, in one read."""
    samples, _ = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)
    return np.asarray(samples.T)


@pytest.mark.parametrize(("rate", "channels", "kbps"), SMALL)
def test_what_is_joined_and_measured_is_what_is_heard_from_the_beginning_on(
    rate: int, channels: int, kbps: int
) -> None:
    samples = band(bpm=123, seconds=12, rate=rate, channels=channels)
    encoding = _encoding(rate, channels, kbps)
    frames = samples.shape[1]
    data = encode(samples, encoding=encoding)

    played = play_into(samples, data, encoding=encoding)

    whole = _linear(data)
    assert np.array_equal(played.samples, whole[:, played.before : played.before + frames])
    assert (played.channels, played.sample_rate) == (channels, rate)
    assert played.before + frames + played.after == whole.shape[1] == frames + encoding.lead + encoding.tail
    assert max(played.before, played.after) <= 0.1 * rate


def test_at_a_low_bit_rate_too_a_hard_and_fast_piece_loops() -> None:
    request = AudioRequest(
        genre="rock", mood="dramatic", energy_level=1.0, bpm=200.0, duration_sec=12, bitrate_kbps=32
    )

    track = generate_bgm_track(request, model=audio_model("synth"))

    assert seam(loop_of(track)) <= 1


@pytest.mark.parametrize(("rate", "channels", "kbps"), SMALL[::3])
def test_at_a_low_bit_rate_too_a_piece_that_ends_is_exact_to_the_sample(
    rate: int, channels: int, kbps: int
) -> None:
    request = AudioRequest(
        duration_sec=10, loopable=False, sample_rate=rate, channels=channels, bitrate_kbps=kbps
    )

    track = generate_bgm_track(request, model=audio_model("synth"))

    whole, _ = decoded(track)
    assert whole.shape == (channels, 10 * rate)
    assert np.abs(whole[:, :rate]).max() > 0.01


def _narrower(samples: Samples, encoding: Encoding) -> bytes:
    return encode(samples[:1], encoding=replace(encoding, channels=1))


def _slower(samples: Samples, encoding: Encoding) -> bytes:
    return encode(samples, encoding=replace(encoding, sample_rate=encoding.sample_rate // 2))


def _longer(samples: Samples, encoding: Encoding) -> bytes:
    return encode(np.tile(samples, (1, 2)), encoding=encoding)


def _shorter(samples: Samples, encoding: Encoding) -> bytes:
    return encode(samples[:, :-1000], encoding=encoding)


@pytest.mark.parametrize(
    "fields", [{"format": "wav"}, {"format": "mp3"}, {"format": "mp3", "loopable": False}], ids=str
)
@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (_narrower, "1 channel; 2 channels is right"),
        (_slower, "22050 Hz; 44100 Hz is right"),
        (_longer, "around them); 10 s (441000 sample frames"),
        (_shorter, "; 10 s (441000 sample frames"),
    ],
)
def test_a_file_of_another_shape_than_was_asked_is_refused(
    wrong: object, fault: str, fields: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(wrong)
    monkeypatch.setattr(takes, "encode", lambda samples, *, encoding: wrong(samples, encoding))
    request = AudioRequest.model_validate({"duration_sec": 10, **fields})

    with pytest.raises(CampaignError) as caught:
        generate_bgm_track(request, model=audio_model("synth"))

    assert caught.value.code is ErrorCode.GENERATION_FAILED
    assert fault in caught.value.message


def test_measures_are_told_without_the_digits_in_which_machines_differ() -> None:
    track = generate_bgm_track(AudioRequest(duration_sec=10), model=audio_model("synth"))

    assert track.measures == {name: round(value, 6) for name, value in track.measures.items()}
    assert (track.measures["frames_before"], track.measures["frames"]) == (
        round(track.loop.start_sec * 44100),
        441000,
    )
