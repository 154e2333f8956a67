"""MP3 of several segments, against the same sound encoded in one piece."""

import base64
import hashlib
import io
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import av
import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser

from campaign_pipeline.providers import parallel
from campaign_pipeline.providers.finishing import mp3
from campaign_pipeline.providers.finishing.info_tag import check, describe, is_info, padding_of
from campaign_pipeline.providers.finishing.mp3 import Mp3Settings, encode_mp3
from campaign_pipeline.providers.finishing.mpeg_frames import (
    borrowed_bytes,
    frames_of,
    last_windows,
    layout_of,
)
from campaign_pipeline.providers.finishing.splice import splice
from campaign_pipeline_tests.providers.listening import Samples

CD = Mp3Settings(sample_rate=44100, channels=2, bitrate_kbps=96)

EVERY_KIND = [
    (44100, 2, 96, 30),
    (44100, 2, 320, 12),
    (44100, 1, 64, 10),
    (48000, 2, 128, 60.3),
    (48000, 1, 192, 10),
    (32000, 2, 80, 15.7),
    (24000, 2, 64, 20),
    (22050, 2, 96, 30),
    (22050, 1, 56, 45.5),
    (16000, 2, 160, 12),
    (16000, 1, 64, 300),
]
TOO_SMALL_FOR_A_TAG = [
    (44100, 1, 48, 10),
    (44100, 2, 32, 12),
    (48000, 2, 56, 10),
    (32000, 2, 40, 10),
    (22050, 1, 40, 10),
    (16000, 1, 32, 20),
]


def _music(*, rate: int, channels: int, seconds: float) -> Samples:
    """Make tones that are struck four times a second, so that windows switch and the bit reservoir is used."""
    draw = np.random.default_rng(5)
    frames = round(rate * seconds)
    samples = draw.standard_normal((channels, frames)) * 0.002
    ring = np.exp(-np.arange(rate // 2) / (0.05 * rate))
    for at in range(0, frames - len(ring), rate // 4):
        tone = np.cos(2 * np.pi * draw.choice([196, 247, 330, 494]) * np.arange(len(ring)) / rate)
        samples[:, at : at + len(ring)] += 0.2 * draw.standard_normal((channels, len(ring))) * ring**3
        samples[:, at : at + len(ring)] += draw.uniform(0.1, 0.3, (channels, 1)) * tone * ring
    return samples


def _in_one_piece(samples: Samples, *, lead: int, settings: Mp3Settings) -> bytes:
    level = 1 / mp3._coder_gain(settings)
    return mp3._lame(samples, -lead, samples.shape[1] + lead, level=level, settings=settings)


def _decoded(data: bytes) -> Samples:
    samples, _ = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)
    return np.asarray(samples.T)


def _sounding(data: bytes) -> list[bytes]:
    first, *frames = frames_of(data)
    return frames if is_info(first) else [first, *frames]


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A sound with some of its end before it and of its beginning after it, in segments and in one piece."""

    samples: Samples
    lead: int
    settings: Mp3Settings
    whole: bytes
    single: bytes


def _encoded(rate: int, channels: int, kbps: int, seconds: float) -> Encoded:
    samples, lead = _music(rate=rate, channels=channels, seconds=seconds), rate // 10
    settings = Mp3Settings(sample_rate=rate, channels=channels, bitrate_kbps=kbps)
    return Encoded(
        samples=samples,
        lead=lead,
        settings=settings,
        whole=encode_mp3(samples, lead=lead, tail=lead, settings=settings),
        single=_in_one_piece(samples, lead=lead, settings=settings),
    )


def _splices(encoded: Encoded) -> Iterator[int]:
    """Say at which MP3 frames a segment took over: from there on the file goes on as the segment does."""
    samples, lead, settings = encoded.samples, encoded.lead, encoded.settings
    level = 1 / mp3._coder_gain(settings)
    joined = _sounding(encoded.whole)
    for segment in mp3._segments(samples.shape[1] + 2 * lead, settings=settings)[1:]:
        start, end = segment.start * settings.frame, (segment.places.stop + 10) * settings.frame
        theirs = _sounding(mp3._lame(samples, start - lead, end - lead, level=level, settings=settings))
        assert segment.places.stop + 10 < len(joined)
        yield next(
            place for place in segment.places if joined[place:][:6] == theirs[place - segment.start :][:6]
        )


@pytest.fixture(scope="module", params=EVERY_KIND, ids=str)
def encoded(request: pytest.FixtureRequest) -> Encoded:
    return _encoded(*request.param)


def test_describing_an_untouched_file_again_gives_the_same_bytes(encoded: Encoded) -> None:
    info, *frames = frames_of(encoded.single)

    again = describe(frames, info=info, padding=padding_of(info))

    assert again == info


def test_segments_make_a_file_of_the_same_size_and_length_as_one_piece(encoded: Encoded) -> None:
    frames = encoded.samples.shape[1] + 2 * encoded.lead

    with av.open(io.BytesIO(encoded.whole), mode="r") as container:
        frames_by_pyav = sum(frame.samples for frame in container.decode(audio=0))

    assert [layout_of(frame) for frame in frames_of(encoded.whole)] == [
        layout_of(frame) for frame in frames_of(encoded.single)
    ]
    assert _decoded(encoded.whole).shape == (encoded.settings.channels, frames)
    assert frames_by_pyav == frames


def test_around_a_splice_the_sound_is_as_near_to_the_original_as_in_one_piece(encoded: Encoded) -> None:
    lead, frame = encoded.lead, encoded.settings.frame
    original = np.take(
        encoded.samples, np.arange(-lead, encoded.samples.shape[1] + lead), axis=1, mode="wrap"
    )

    heard, in_one_piece = _decoded(encoded.whole) - original, _decoded(encoded.single) - original

    for place in _splices(encoded):
        seam = slice((place - 3) * frame, (place + 4) * frame)
        assert np.mean(heard[:, seam] ** 2) <= 1.26 * np.mean(in_one_piece[:, seam] ** 2)
        assert np.abs(np.diff(heard[:, seam])).max() <= np.abs(np.diff(in_one_piece)).max()


@pytest.mark.parametrize(("rate", "channels", "kbps", "seconds"), TOO_SMALL_FOR_A_TAG)
def test_frames_too_small_for_a_description_get_a_larger_one_so_that_every_decoder_begins_at_the_music(
    rate: int, channels: int, kbps: int, seconds: float
) -> None:
    encoded = _encoded(rate, channels, kbps, seconds)
    original = np.take(
        encoded.samples,
        np.arange(-encoded.lead, encoded.samples.shape[1] + encoded.lead),
        axis=1,
        mode="wrap",
    )

    info, *frames = frames_of(encoded.whole)
    heard = {"libsndfile": _decoded(encoded.whole), "FFmpeg": _decoded_by_ffmpeg(encoded.whole)}

    assert is_info(info)
    assert not is_info(frames[0])
    assert layout_of(info).kbps > layout_of(frames[0]).kbps == kbps
    assert padding_of(info) >= 529
    assert len(b"".join(frames)) == len(encoded.single)
    for decoder, samples in heard.items():
        assert samples.shape == original.shape, decoder
        late = _delay(samples, original)
        assert late == 0, decoder


def _decoded_by_ffmpeg(data: bytes) -> Samples:
    with av.open(io.BytesIO(data), mode="r") as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


def _delay(heard: Samples, original: Samples) -> int:
    """Say by how many frames what is heard is late."""
    length = 1 << (2 * original.shape[1]).bit_length()
    spectra = np.fft.rfft(heard, length) * np.conj(np.fft.rfft(original, length))
    best = int(np.argmax(np.fft.irfft(spectra.sum(axis=0), length)))
    return best - length if best > length // 2 else best


def test_every_frame_finds_its_main_data_in_the_frames_before_it() -> None:
    whole = encode_mp3(_music(rate=44100, channels=2, seconds=60), lead=4410, tail=4410, settings=CD)

    held = 0
    for frame in _sounding(whole):
        assert borrowed_bytes(frame) <= held
        held += len(frame) - layout_of(frame).main


def test_the_main_data_brought_along_takes_the_place_of_none_that_is_needed() -> None:
    samples = _music(rate=44100, channels=2, seconds=20)
    first = _sounding(mp3._lame(samples, 0, 400 * 1152, level=1, settings=CD))
    second = _sounding(mp3._lame(samples, 98 * 1152, 400 * 1152, level=1, settings=CD))

    joined = splice(first, second, offset=98, places=range(102, 126))

    assert joined is not None
    place = max(at for at in range(102, 126) if joined[at:] == second[at - 98 :])
    ours, theirs = (_main_data(frames) for frames in (first[:place], joined[:place]))
    assert (
        ours[: len(ours) - borrowed_bytes(first[place])] == theirs[: len(ours) - borrowed_bytes(first[place])]
    )
    assert theirs.endswith(_main_data(second[: place - 98])[-borrowed_bytes(second[place - 98]) :])


def _main_data(frames: list[bytes]) -> bytes:
    return b"".join(frame[layout_of(frame).main :] for frame in frames)


def test_windows_that_differ_are_no_place_to_splice() -> None:
    struck = _music(rate=44100, channels=2, seconds=10)
    frames = _sounding(mp3._lame(struck, 0, struck.shape[1], level=1, settings=CD))
    switching = {at for at in range(20, 200) if last_windows(frames[at]) != last_windows(frames[at + 1])}

    joined = [splice(frames, frames[1:], offset=0, places=range(place + 1, place + 2)) for place in switching]

    assert joined
    assert set(map(type, joined)) == {type(None)}


def test_sound_that_can_be_spliced_nowhere_is_encoded_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = _music(rate=44100, channels=2, seconds=10)
    monkeypatch.setattr(mp3, "splice", lambda *_, **__: None)

    whole = encode_mp3(samples, lead=0, tail=0, settings=CD)

    assert whole == _in_one_piece(samples, lead=0, settings=CD)


@pytest.mark.parametrize("cores", [1, 2, 5])
def test_the_bytes_do_not_depend_on_how_many_cores_there_are(
    monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    samples = _music(rate=44100, channels=2, seconds=12)
    expected = encode_mp3(samples, lead=4410, tail=4410, settings=CD)
    monkeypatch.setattr(parallel, "_cores", lambda: cores)

    data = encode_mp3(samples, lead=4410, tail=4410, settings=CD)

    assert data == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is Linux's")
def test_a_whole_track_is_the_same_bytes_on_one_core() -> None:
    code = (
        "import hashlib, os, sys\n"
        "if sys.argv[1] == 'one': os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from campaign_pipeline.model.audio import AudioRequest\n"
        "from campaign_pipeline.providers.audio_choice import audio_model\n"
        "from campaign_pipeline.skills.generate_bgm_track import generate_bgm_track\n"
        "track = generate_bgm_track(AudioRequest(duration_sec=20), model=audio_model('synth'))\n"
        "print(hashlib.sha256(track.data).hexdigest(), track.measures)"
    )

    one, all_of_them = (
        subprocess.run([sys.executable, "-c", code, cores], capture_output=True, text=True, check=True).stdout
        for cores in ("one", "all")
    )

    assert one == all_of_them


def test_the_checksum_is_the_known_one() -> None:
    assert check(b"123456789") == 0xBB3D


@pytest.mark.parametrize("size", [1, 511, 512, 513, 5000])
def test_the_checksum_of_long_data_is_that_of_byte_after_byte(size: int) -> None:
    data = hashlib.shake_128(b"any").digest(size)

    expected = 0
    for byte in data:
        expected ^= byte
        for _ in range(8):
            expected = expected >> 1 ^ (expected & 1) * 0xA001
    assert check(data) == expected


@pytest.mark.parametrize(
    "data", [b"ID3 no frame here", b"\xff\xfb\x00\x00", b"\xff\xfb\x7c\x64", b"\xff\xfb"]
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"header|bit rate"):
        frames_of(data)


def test_half_a_frame_at_the_end_is_refused() -> None:
    data = mp3._lame(np.zeros((2, 44100)), 0, 44100, level=1, settings=CD)

    with pytest.raises(ValueError, match="10 bytes after the stream"):
        frames_of(data[:-10])


@pytest.mark.parametrize("seconds", [10, 30, 60, 300])
def test_segments_cover_the_sound_and_overlap_where_they_may_be_joined(seconds: float) -> None:
    segments = mp3._segments(round(seconds * 44100), settings=CD)

    assert segments[0].start == 0
    assert segments[-1].end is None
    for one, other in itertools.pairwise(segments):
        assert one.end is not None
        assert other.start % 49 == 0
        assert other.start < other.places.start < other.places.stop < one.end


@pytest.mark.parametrize("kbps", [96, 32])
def test_a_browser_decodes_the_segments_to_the_very_length(browser: Browser, kbps: int) -> None:
    samples = _music(rate=44100, channels=2, seconds=12)
    whole = encode_mp3(samples, lead=4410, tail=4410, settings=replace(CD, bitrate_kbps=kbps))
    page = browser.new_page()

    length, loudest = page.evaluate(
        """async (base64) => {
            const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
            const context = new OfflineAudioContext(2, 1, 44100);
            const sound = await context.decodeAudioData(bytes.buffer);
            return [sound.length, Math.max(...sound.getChannelData(0).subarray(250000, 290000).map(Math.abs))];
        }""",
        base64.b64encode(whole).decode(),
    )

    page.close()
    assert length == samples.shape[1] + 2 * 4410
    assert loudest == pytest.approx(np.abs(_decoded(whole)[0, 250000:290000]).max(), abs=1e-3)
