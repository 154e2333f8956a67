"""Files that play.

Belongs here: MP3 and WAV, written and read, and where the loop lies in them.
Does not belong here: loudness (mastering), what a file must be like (verification).
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from campaign_pipeline.model.audio import AudioFormat, LoopPoints
from campaign_pipeline.providers.finishing.mastering import FULL_SCALE

Samples = NDArray[np.float64]

LEAD_S = 0.1
"""Of the loop, before and after it in an MP3: longer than the memory of any decoder."""

MEDIA_TYPES: dict[AudioFormat, str] = {"mp3": "audio/mpeg", "wav": "audio/wav"}

_MPEG1_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG1_RATES_HZ = 32000
_STRETCH = 1 << 16
_PROBE_S, _PROBE_HZ, _PROBE_LEVEL = 0.5, 1000, 0.25


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How a file is to be written.

    Args:
        bitrate_kbps: Of an MP3; the nearest that MP3 knows is used.
    """

    audio_format: AudioFormat
    sample_rate: int
    channels: int
    bitrate_kbps: int
    loop: bool

    @property
    def lead(self) -> int:
        """How many frames of the loop an MP3 carries before and after it.

        What a decoder does to the ends of a file then happens outside the loop points.
        """
        return round(LEAD_S * self.sample_rate) if self.loop and self.audio_format == "mp3" else 0


@dataclass(frozen=True, kw_only=True)
class EncodedAudio:
    """A file, and where the loop lies within its decoded samples."""

    data: bytes
    first_frame: int
    frames: int
    sample_rate: int

    @property
    def loop(self) -> LoopPoints:
        """Say where to loop, in seconds."""
        end = self.first_frame + self.frames
        return LoopPoints(start_sec=self.first_frame / self.sample_rate, end_sec=end / self.sample_rate)


def encode(samples: Samples, *, encoding: Encoding) -> EncodedAudio:
    """Encode samples of shape (channels, frames) that are rounded to 16 bits, full scale at ±1."""
    lead = encoding.lead
    data = _encoded(_stretches(samples, lead=lead), encoding=encoding, level=1 / _coder_gain(encoding))
    return EncodedAudio(
        data=data, first_frame=lead, frames=samples.shape[1], sample_rate=encoding.sample_rate
    )


def decode_into(samples: Samples, encoded: EncodedAudio) -> int:
    """Decode the loop of a file into the samples it was made from, so that no second buffer is needed.

    Returns:
        How many frames the file really held from the loop's first on, at most as many as there are samples.
    """
    done = 0
    with soundfile.SoundFile(io.BytesIO(encoded.data)) as file:
        file.read(encoded.first_frame, dtype="float64")
        while done < samples.shape[1]:
            stretch = file.read(min(_STRETCH, samples.shape[1] - done), dtype="float64", always_2d=True)
            if not len(stretch):
                break
            samples[:, done : done + len(stretch)] = stretch.T
            done += len(stretch)
    return done


def nearest_bitrate(bitrate_kbps: int, *, sample_rate: int) -> int:
    """Find the bit rate that MP3 knows at a sample rate nearest to the asked one.

    Source:
        ISO 11172-3 and 13818-3, layer III.
    """
    known = _MPEG1_KBPS if sample_rate >= _MPEG1_RATES_HZ else _MPEG2_KBPS
    return min(known, key=lambda kbps: (abs(kbps - bitrate_kbps), kbps))


def _encoded(stretches: Iterator[Samples], *, encoding: Encoding, level: float) -> bytes:
    data = io.BytesIO()
    with _writer(data, encoding) as file:
        for stretch in stretches:
            if encoding.audio_format == "wav":
                file.write(np.rint(stretch.T * FULL_SCALE).astype(np.int16))
            else:
                # Never as 16-bit integers: libsndfile 1.2.2 garbles 16-bit stereo on its way to MP3.
                file.write(stretch.T * level)
    return data.getvalue()


def _coder_gain(encoding: Encoding) -> float:
    """Measure by a short tone how the coder changes the level: LAME turns down by up to half a decibel."""
    if encoding.audio_format == "wav":
        return 1.0
    time = np.arange(round(_PROBE_S * encoding.sample_rate)) / encoding.sample_rate
    tone = np.tile(_PROBE_LEVEL * np.sin(2 * np.pi * _PROBE_HZ * time), (encoding.channels, 1))
    data = _encoded(iter((tone,)), encoding=encoding, level=1.0)
    heard, _ = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)
    middle = slice(len(time) // 4, 3 * len(time) // 4)
    return float(np.sqrt(np.mean(heard[middle] ** 2) / np.mean(tone[:, middle] ** 2)))


def _writer(data: io.BytesIO, encoding: Encoding) -> soundfile.SoundFile:
    if encoding.audio_format == "wav":
        return soundfile.SoundFile(
            data, "w", encoding.sample_rate, encoding.channels, format="WAV", subtype="PCM_16"
        )
    return soundfile.SoundFile(
        data,
        "w",
        encoding.sample_rate,
        encoding.channels,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=_compression(encoding.bitrate_kbps, sample_rate=encoding.sample_rate),
    )


def _compression(bitrate_kbps: int, *, sample_rate: int) -> float:
    """Invert libsndfile's straight line from compression 0 to 1 to bit rates from the highest to the lowest."""
    highest, lowest = (320, 32) if sample_rate >= _MPEG1_RATES_HZ else (160, 8)
    kbps = nearest_bitrate(bitrate_kbps, sample_rate=sample_rate)
    # A hair above the bit rate, because libsndfile cuts off the fraction.
    return max(0.0, (highest - kbps - 0.25) / (highest - lowest))


def _stretches(samples: Samples, *, lead: int) -> Iterator[Samples]:
    if lead:
        yield samples[:, -lead:]
    for start in range(0, samples.shape[1], _STRETCH):
        yield samples[:, start : start + _STRETCH]
    if lead:
        yield samples[:, :lead]
