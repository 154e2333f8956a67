"""Files that play.

Belongs here: the choice between MP3 and WAV.
Does not belong here: how MP3 is written (mp3), how much of a loop is written around it (margins), reading files again
(playback), loudness (mastering), what a file must be like (verification).

Reading and writing files happens in threads: libsndfile calls back into Python for every stretch of bytes, and an
interrupt that Python raises there, as it does in the main thread alone, is lost.
"""

import io
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from campaign_pipeline.model.audio import AudioFormat, LoopPoints
from campaign_pipeline.providers.finishing.margins import has_margins, lead, tail
from campaign_pipeline.providers.finishing.mastering import FULL_SCALE
from campaign_pipeline.providers.finishing.mp3 import Mp3Settings, encode_mp3
from campaign_pipeline.providers.parallel import aside

Samples = NDArray[np.float64]

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
        """How many frames of the loop's end the file carries before its first beat."""
        return lead(self.sample_rate) if has_margins(self.audio_format, loop=self.loop) else 0

    @property
    def tail(self) -> int:
        """How many frames of the loop's beginning the file carries after its last beat."""
        return tail(self.sample_rate) if has_margins(self.audio_format, loop=self.loop) else 0


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


def encode(samples: Samples, *, encoding: Encoding) -> bytes:
    """Encode samples of shape (channels, frames) that are rounded to 16 bits, full scale at ±1."""
    if encoding.audio_format == "wav":
        return aside(lambda: _wav(samples, sample_rate=encoding.sample_rate))
    settings = Mp3Settings(
        sample_rate=encoding.sample_rate, channels=encoding.channels, bitrate_kbps=encoding.bitrate_kbps
    )
    return encode_mp3(samples, lead=encoding.lead, tail=encoding.tail, settings=settings)


def _wav(samples: Samples, *, sample_rate: int) -> bytes:
    data = io.BytesIO()
    with soundfile.SoundFile(data, "w", sample_rate, len(samples), format="WAV", subtype="PCM_16") as file:
        for start in range(0, samples.shape[1], _STRETCH):
            stretch = samples[:, start : start + _STRETCH]
            file.write(np.rint(stretch.T * FULL_SCALE).astype(np.int16))
    return data.getvalue()
