"""Files that play.

Belongs here: the choice between MP3 and WAV, reading them again, and where the loop lies in them.
Does not belong here: how MP3 is written (mp3) and joined (joint), loudness (mastering), what a file must be like
(verification).

Reading and writing files happens in threads: libsndfile calls back into Python for every stretch of bytes, and an
interrupt that Python raises there, as it does in the main thread alone, is lost.
"""

import io
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from campaign_pipeline.model.audio import AudioFormat, LoopPoints
from campaign_pipeline.providers.finishing.joint import joint, reach
from campaign_pipeline.providers.finishing.mastering import FULL_SCALE
from campaign_pipeline.providers.finishing.mp3 import Mp3Settings, encode_mp3
from campaign_pipeline.providers.finishing.reading import SteadyFile
from campaign_pipeline.providers.parallel import aside

Samples = NDArray[np.float64]

LEAD_S = 0.1
"""Of the loop's end, before its first beat in an MP3: longer than the memory of any decoder."""

MEDIA_TYPES: dict[AudioFormat, str] = {"mp3": "audio/mpeg", "wav": "audio/wav"}

_STRETCH = 1 << 16


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
        """How many frames of the loop's end an MP3 carries before its first beat.

        What a decoder does to the ends of a file then happens outside the loop points.
        """
        return round(LEAD_S * self.sample_rate) if self.loop and self.audio_format == "mp3" else 0

    @property
    def tail(self) -> int:
        """How many frames of the loop's beginning an MP3 carries after its last beat.

        Where the loop is joined before its first beat it ends as much earlier, and no more than a lead is left over.
        """
        return self.lead and self.lead - reach(self.sample_rate)


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
    lead, first_frame, frames = encoding.lead, 0, samples.shape[1]
    if encoding.audio_format == "mp3":
        settings = Mp3Settings(
            sample_rate=encoding.sample_rate, channels=encoding.channels, bitrate_kbps=encoding.bitrate_kbps
        )
        data = encode_mp3(samples, lead=lead, tail=encoding.tail, settings=settings)
        if lead:
            first_frame = aside(lambda: joint(data, lead=lead, frames=frames))
    else:
        data = aside(lambda: _wav(samples, sample_rate=encoding.sample_rate))
    return EncodedAudio(data=data, first_frame=first_frame, frames=frames, sample_rate=encoding.sample_rate)


def decode_into(samples: Samples, encoded: EncodedAudio) -> int:
    """Decode the loop of a file into the samples it was made from, so that no second buffer is needed.

    Returns:
        How many frames the file really held from the loop's first on, at most as many as there are samples.
    """
    return aside(lambda: _decode_into(samples, encoded))


def _decode_into(samples: Samples, encoded: EncodedAudio) -> int:
    done = 0
    with SteadyFile(io.BytesIO(encoded.data)) as file:
        file.read(encoded.first_frame, dtype="float64")
        while done < samples.shape[1]:
            stretch = file.read(min(_STRETCH, samples.shape[1] - done), dtype="float64", always_2d=True)
            if not len(stretch):
                break
            samples[:, done : done + len(stretch)] = stretch.T
            done += len(stretch)
    return done


def _wav(samples: Samples, *, sample_rate: int) -> bytes:
    data = io.BytesIO()
    with soundfile.SoundFile(data, "w", sample_rate, len(samples), format="WAV", subtype="PCM_16") as file:
        for start in range(0, samples.shape[1], _STRETCH):
            stretch = samples[:, start : start + _STRETCH]
            file.write(np.rint(stretch.T * FULL_SCALE).astype(np.int16))
    return data.getvalue()
