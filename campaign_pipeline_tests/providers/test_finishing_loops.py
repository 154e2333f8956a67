"""Loops are exact to the sample and have no seam, in every decoder: libsndfile, FFmpeg (PyAV) and Chromium."""

import base64
import io

import av
import numpy as np
import pytest
from playwright.sync_api import Browser

from campaign_pipeline.model.audio import AudioFormat, AudioRequest
from campaign_pipeline.providers.audio_choice import audio_model
from campaign_pipeline.providers.finishing.info_tag import is_info
from campaign_pipeline.providers.finishing.mpeg_frames import frames_of, layout_of
from campaign_pipeline.skills.generate_bgm_track import BgmTrack, generate_bgm_track
from campaign_pipeline_tests.providers.listening import Samples, decoded, loop_of, seam

LENGTHS = [(10, 44100, 2), (30, 44100, 2), (60, 44100, 2), (300, 16000, 1)]
DECODE = """async ([base64, channels, rate]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const sound = await new OfflineAudioContext(channels, 1, rate).decodeAudioData(bytes.buffer);
    const texts = [];
    for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
        const samples = new Uint8Array(sound.getChannelData(channel).buffer);
        const parts = [];
        for (let at = 0; at < samples.length; at += 32768)
            parts.push(String.fromCharCode(...samples.subarray(at, at + 32768)));
        texts.push(btoa(parts.join('')));
    }
    return texts;
}"""


def _by_chromium(track: BgmTrack, browser: Browser) -> Samples:
    told = track.provenance
    page = browser.new_page()
    texts: list[str] = page.evaluate(
        DECODE, [base64.b64encode(track.data).decode(), told.channels, told.sample_rate]
    )
    page.close()
    return np.stack([np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float64) for text in texts])


def _by_pyav(track: BgmTrack) -> Samples:
    with av.open(io.BytesIO(track.data), mode="r") as container:
        layout = container.streams.audio[0].layout.name
        resampler = av.AudioResampler(format="dblp", layout=layout)
        parts = [
            part.to_ndarray() for frame in container.decode(audio=0) for part in resampler.resample(frame)
        ]
    return np.concatenate(parts, axis=1)


def _between_loop_points(track: BgmTrack, samples: Samples) -> Samples:
    rate = track.provenance.sample_rate
    return samples[:, round(track.loop.start_sec * rate) : round(track.loop.end_sec * rate)]


def _track(duration_sec: float, rate: int, channels: int, *, audio_format: AudioFormat) -> BgmTrack:
    request = AudioRequest(
        duration_sec=duration_sec,
        sample_rate=rate,
        channels=channels,
        format=audio_format,
        prompt="Zauberwald for the Xylocorp campaign",
    )
    return generate_bgm_track(request, model=audio_model("synth"))


@pytest.fixture(scope="module", params=LENGTHS, ids=lambda length: f"{length[0]} s")
def both(request: pytest.FixtureRequest) -> tuple[BgmTrack, BgmTrack]:
    duration_sec, rate, channels = request.param
    mp3, wav = (
        _track(duration_sec, rate, channels, audio_format=audio_format) for audio_format in ("mp3", "wav")
    )
    return mp3, wav


def test_a_wav_is_the_same_samples_in_every_decoder(
    both: tuple[BgmTrack, BgmTrack], browser: Browser
) -> None:
    _, wav = both
    told = wav.provenance

    pcm, _ = decoded(wav)

    assert pcm.shape == (told.channels, told.duration_sec * told.sample_rate)
    assert (wav.loop.start_sec, wav.loop.end_sec) == (0, told.duration_sec)
    assert np.array_equal(_by_pyav(wav), pcm)
    # Chromium divides what is above zero by 32767.
    assert np.allclose(_by_chromium(wav, browser), pcm, rtol=0, atol=1 / 32767)
    assert seam(pcm) <= 1


def test_an_mp3_is_exact_and_seamless_between_its_loop_points_in_every_decoder(
    both: tuple[BgmTrack, BgmTrack], browser: Browser
) -> None:
    mp3, _ = both
    told = mp3.provenance
    expected = loop_of(mp3)

    loops = [_between_loop_points(mp3, whole) for whole in (_by_pyav(mp3), _by_chromium(mp3, browser))]

    for loop in (expected, *loops):
        assert loop.shape == (told.channels, told.duration_sec * told.sample_rate)
        assert np.abs(loop - expected).max() < 1e-3
        assert seam(loop) <= 1


def test_five_minutes_of_the_usual_mp3_are_exact_and_seamless_in_chromium(browser: Browser) -> None:
    mp3 = _track(300, 44100, 2, audio_format="mp3")

    loop = _between_loop_points(mp3, _by_chromium(mp3, browser))

    assert loop.shape == (2, 300 * 44100)
    assert np.abs(loop - loop_of(mp3)).max() < 1e-3
    assert seam(loop) <= 1


def test_an_mp3_holds_the_pcm_at_the_very_sample(both: tuple[BgmTrack, BgmTrack]) -> None:
    mp3, wav = both
    pcm, heard = loop_of(wav), loop_of(mp3)
    early = round((0.1 - mp3.loop.start_sec) * mp3.provenance.sample_rate)

    places = {shift: _likeness(np.roll(heard, shift - early, axis=1), pcm) for shift in range(-3, 4)}

    assert max(places, key=lambda shift: places[shift]) == 0
    assert places[0] > 0.97


def _likeness(one: Samples, other: Samples) -> float:
    return float(np.sum(one * other) / np.sqrt(np.sum(np.square(one)) * np.sum(np.square(other))))


def test_no_text_is_in_an_mp3_but_the_encoders_name(both: tuple[BgmTrack, BgmTrack]) -> None:
    mp3, _ = both

    # Frames from the first byte to the last: a tag before, between or behind them would be an error.
    info, *_ = frames_of(mp3.data)

    assert is_info(info)
    at = layout_of(info).main
    tag, rest = info[at : at + 156], info[at + 156 :]
    assert tag[:4] == b"Info"
    assert tag[120:129] == b"LAME3.100"
    assert set(rest) <= {0}
    assert not any(name in mp3.data for name in (b"Zauberwald", b"Xylocorp"))


def test_a_wav_is_its_format_and_its_samples_alone(both: tuple[BgmTrack, BgmTrack]) -> None:
    _, wav = both

    assert wav.data[:4] + wav.data[8:16] == b"RIFFWAVEfmt "
    after = 20 + int.from_bytes(wav.data[16:20], "little")
    assert wav.data[after : after + 4] == b"data"
    assert after + 8 + int.from_bytes(wav.data[after + 4 : after + 8], "little") == len(wav.data)
