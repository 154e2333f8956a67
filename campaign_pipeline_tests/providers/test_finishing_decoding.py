"""What providers send, as sound or as a refusal that names it."""

import io
import json
import re
import threading
import tracemalloc

import numpy as np
import pytest
import soundfile

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.providers.finishing import decoding
from campaign_pipeline.providers.finishing.decoding import LONGEST_S, decode, enough_s
from campaign_pipeline.providers.finishing.sound import Sound
from campaign_pipeline_tests.providers.listening import Samples

RATE = 44100


def _tone(*, seconds: float = 2.0, channels: int = 2, rate: int = RATE) -> Samples:
    tone = np.sin(np.arange(round(seconds * rate)) / 20) * 0.3
    return np.tile(tone, (channels, 1))


def _file(samples: Samples, kind: str, subtype: str, *, rate: int = RATE) -> bytes:
    data = io.BytesIO()
    soundfile.write(data, samples.T, rate, format=kind, subtype=subtype)
    return data.getvalue()


def _wav(samples: Samples | None = None, *, rate: int = RATE) -> bytes:
    return _file(_tone() if samples is None else samples, "WAV", "DOUBLE", rate=rate)


@pytest.mark.parametrize(
    ("kind", "subtype", "off"),
    [
        ("WAV", "PCM_16", 1e-4),
        ("WAV", "PCM_24", 1e-6),
        ("WAV", "FLOAT", 1e-6),
        ("WAV", "ULAW", 1e-2),
        ("RF64", "PCM_16", 1e-4),
        ("FLAC", "PCM_24", 1e-6),
        ("OGG", "VORBIS", 1e-2),
        ("MP3", "MPEG_LAYER_III", 6e-2),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_kind_of_file_decodes_to_what_was_encoded(
    kind: str, subtype: str, off: float, channels: int
) -> None:
    samples = _tone(channels=channels)

    sound = decode(_file(samples, kind, subtype), source="answer")

    assert sound.sample_rate == RATE
    assert sound.samples.dtype == np.float64
    assert sound.samples.shape == samples.shape
    assert np.sqrt(np.mean((sound.samples - samples) ** 2)) < off


def test_an_mp3_is_known_behind_an_id3_tag_and_by_its_first_frame() -> None:
    bare = _file(_tone(), "MP3", "MPEG_LAYER_III")
    tagged = b"ID3\x03\x00\x00\x00\x00\x00\x0aTIT2\x00\x00\x00\x00\x00\x00" + bare

    lengths = {decode(data, source="answer").samples.shape for data in (bare, tagged)}

    assert lengths == {(2, 2 * RATE)}


@pytest.mark.parametrize(
    ("whole", "samples"),
    [
        (b"\xff\xff\xff\xff", b"\xff\xff\xff\xff"),
        (b"\xff\xff\xff\x7f", b"\xff\xff\xff\x7f"),
        (b"\0\0\0\0", b"\0\0\0\0"),
        (b"\x24\0\0\0", b"\0\0\0\0"),
        (b"\xff\xff\xff\xff", b"\0\0\0\0"),
    ],
    ids=["the most", "half the most", "nothing", "the head alone", "the most, and no samples"],
)
@pytest.mark.parametrize(("kind", "endian"), [("WAV", "LITTLE"), ("WAV", "BIG"), ("WAVEX", "LITTLE")])
def test_a_wav_whose_writer_did_not_know_its_length_is_read_to_its_end(
    kind: str, endian: str, whole: bytes, samples: bytes
) -> None:
    written = io.BytesIO()
    soundfile.write(written, _tone().T, RATE, format=kind, subtype="PCM_16", endian=endian)
    data = bytearray(written.getvalue())
    place = data.index(b"data") + 4
    data[4:8] = whole[::-1] if endian == "BIG" else whole
    data[place : place + 4] = samples[::-1] if endian == "BIG" else samples

    sound = decode(bytes(data), source="answer")

    assert np.abs(sound.samples - _tone()).max() < 1e-4


def test_a_flac_that_was_streamed_is_read_to_its_end() -> None:
    data = bytearray(_file(_tone(), "FLAC", "PCM_16"))
    # The last four bits of a byte and the four after it count the samples; 0 is unknown (RFC 9639, 8.2).
    data[21] &= 0xF0
    data[22:26] = bytes(4)

    sound = decode(bytes(data), source="answer")

    assert np.abs(sound.samples - _tone()).max() < 1e-4


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "nothing at all"),
        (b"<!DOCTYPE html>".ljust(512), "an HTML page of 512 bytes"),
        (b"\n <HTML><body>Bad gateway</body>", "an HTML page of 32 bytes"),
        (json.dumps({"error": "no"}).encode(), "a JSON document of 15 bytes"),
        (b"upstream connect error", "plain text of 22 bytes"),
        (b"\x89PNG\r\n\x1a\n".ljust(64, b"\0"), "image/png of 64 bytes"),
        (b"\xff\xf1\x50\x80".ljust(64, b"\0"), "audio/aac of 64 bytes"),
        (b"\x01\x02\x03".ljust(64, b"\0"), "an unknown file of 64 bytes"),
        (b"ID3 and no music".ljust(64, b"\0"), "an MP3 file of 64 bytes found that does not decode"),
        (_wav()[:30], "a WAV file of 30 bytes found that does not decode"),
        (_file(_tone(), "FLAC", "PCM_16")[:9000], "a FLAC file of 9000 bytes found that does not decode"),
        (_wav()[:200_000], "a WAV file of 200000 bytes found that breaks off after 0.3 s"),
        (
            _file(_tone(), "RF64", "PCM_16")[:200_000],
            "a WAV file of 200000 bytes found that breaks off after 1.1 s",
        ),
        (_file(_tone(), "MP3", "MPEG_LAYER_III")[:4000], "an MP3 file of 4000 bytes found that breaks off"),
        (_wav(np.zeros((1, 0))), "bytes found that holds no sound"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_whole_sound_is_refused_by_its_name(data: bytes, named: str) -> None:
    with pytest.raises(CampaignError, match=re.escape(named)) as caught:
        decode(data, source="audio of litellm")

    assert caught.value.code is ErrorCode.PROVIDER_ERROR
    assert not caught.value.retryable
    assert caught.value.message.startswith("audio of litellm: ")
    assert caught.value.message.endswith("; a whole MP3, WAV, FLAC or Ogg file is expected")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_samples_that_are_no_numbers_are_refused(value: float) -> None:
    samples = _tone()
    samples[1, 500] = value

    with pytest.raises(CampaignError, match="no numbers, or beyond any scale"):
        decode(_wav(samples), source="answer")


@pytest.mark.parametrize(("channels", "rate"), [(9, 44100), (1, 4000), (1, 384000)])
def test_a_shape_that_no_music_has_is_refused(channels: int, rate: int) -> None:
    data = _wav(_tone(channels=channels, rate=rate, seconds=0.1), rate=rate)

    with pytest.raises(CampaignError, match=f"{channels} channels at {rate} Hz found; at most 8"):
        decode(data, source="answer")


def test_no_more_is_read_than_is_asked_for() -> None:
    sound = decode(_wav(), source="answer", most_s=1)

    assert np.array_equal(sound.samples, _tone()[:, :RATE])


def test_what_is_enough_grows_with_what_is_asked_up_to_the_longest() -> None:
    assert enough_s(10) == pytest.approx(42)
    assert enough_s(300) == LONGEST_S


def test_a_long_answer_takes_no_more_memory_than_what_is_needed_of_it() -> None:
    long = _file(np.zeros((1, 200 * 8000)), "FLAC", "PCM_16", rate=8000)

    tracemalloc.start()
    decode(long, source="answer", most_s=enough_s(10))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1.5 * enough_s(10) * 8000 * 8


def test_no_more_is_read_than_fits_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_MOST_VALUES", 2 * RATE)

    sound = decode(_wav(), source="answer")

    assert sound.samples.shape == (2, RATE)


def test_reading_happens_where_no_interrupt_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    readers: list[threading.Thread] = []
    inner = decoding._decode

    def watched(data: bytes, *, kind: str, source: str, most_s: float) -> Sound:
        readers.append(threading.current_thread())
        return inner(data, kind=kind, source=source, most_s=most_s)

    monkeypatch.setattr(decoding, "_decode", watched)

    decode(_wav(), source="answer")

    assert len(readers) == 1
    assert threading.main_thread() not in readers
