"""What a provider sent, as sound.

Belongs here: recognising sound by its bytes, reading it within bounds, and refusing whatever else came.
Does not belong here: reading our own files again (encoding), making the sound what was asked (fitting).

Reading happens in a thread, for the reason that encoding tells.
"""

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

from campaign_pipeline.errors import CampaignError, ErrorCode
from campaign_pipeline.providers.finishing.foreign_bytes import told
from campaign_pipeline.providers.finishing.reading import SteadyFile
from campaign_pipeline.providers.finishing.riff import MAGICS, claimed_bytes, with_open_end
from campaign_pipeline.providers.finishing.sound import Sound
from campaign_pipeline.providers.parallel import aside

_MARGIN, _MARGIN_S = 1.2, 30.0
"""Beyond what is asked: for silence before the music, and for the bars that a loop is longer than its length."""
LONGEST_S = _MARGIN * 300 + _MARGIN_S
"""Of sound that is read: enough for the longest music that may be asked."""
_MOST_VALUES = int(2 * LONGEST_S * 48000 * 2)
"""Over all channels: 599 MB, for what comes at 96 kHz or in four channels."""
MOST_CHANNELS = 8
RATES_HZ = range(8000, 192001)
_LOUDEST = 1e6
"""Full scale being 1. Files of floating point exist that count in 16 bits; beyond a million, nothing counts."""

_STRETCH = 1 << 16
_WHOLE = 0.95
"""Of what a file says it holds: descriptions are a little wrong, files that broke off a great deal."""
_MOST_FRAMES = 1 << 36
"""That any format can count; more is how libsndfile spells that a file does not tell."""


def enough_s(duration_s: float) -> float:
    """Say how much sound is enough to make music of some length."""
    return _MARGIN * duration_s + _MARGIN_S


def decode(data: bytes, *, source: str, most_s: float = LONGEST_S) -> Sound:
    """Decode the bytes that a provider sent, whatever it says they are; of long sound, the beginning.

    Args:
        data: An MP3, WAV, FLAC or Ogg file.
        source: Who sent it, as the error begins.
        most_s: How much is read; what comes later would only fill the memory.

    Raises:
        CampaignError: PROVIDER_ERROR, naming what was sent instead, or what is wrong with the file.
    """
    kind = _kind(data)
    if kind is None:
        raise _refused(source, f"{told(data)} found")
    whole = with_open_end(data) if kind == "WAV" else data
    return aside(lambda: _decode(whole, kind=kind, source=source, most_s=most_s))


def _kind(data: bytes) -> str | None:
    if data[8:12] == b"WAVE" and data.startswith(MAGICS):
        return "WAV"
    if data.startswith((b"fLaC", b"OggS")):
        return "FLAC" if data.startswith(b"f") else "Ogg"
    return "MP3" if data.startswith(b"ID3") or _is_mpeg_layer_3(data[:2]) else None


def _is_mpeg_layer_3(head: bytes) -> bool:
    """Tell MP3's frames from those of other layers, and from AAC's, which begin with the same bits."""
    return len(head) == 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08  # noqa: PLR2004 bits of ISO 11172-3


def _decode(data: bytes, *, kind: str, source: str, most_s: float) -> Sound:
    try:
        with SteadyFile(io.BytesIO(data)) as file:
            _check_shape(file, kind=kind, source=source)
            rate, most = int(file.samplerate), _most(file, most_s=most_s)
            expected = min(file.frames, most) if file.frames <= _MOST_FRAMES else 0
            samples = _read(file, frames=expected or most)
    except (soundfile.SoundFileError, RuntimeError):
        # Its own words name an object in memory.
        raise _refused(source, f"{told(data, kind=kind)} found that does not decode") from None
    if not samples.size:
        raise _refused(source, f"{told(data, kind=kind)} found that holds no sound")
    if samples.shape[1] < _WHOLE * expected or len(data) < _WHOLE * claimed_bytes(data):
        # What is missing was paid for.
        held_s = samples.shape[1] / rate
        raise _refused(source, f"{told(data, kind=kind)} found that breaks off after {held_s:.1f} s")
    # NaN is no number at all, and so not below anything.
    if not max(float(samples.max()), -float(samples.min())) < _LOUDEST:
        raise _refused(source, f"a {kind} file found with samples that are no numbers, or beyond any scale")
    return Sound(samples=samples, sample_rate=rate)


def _check_shape(file: soundfile.SoundFile, *, kind: str, source: str) -> None:
    if not 1 <= file.channels <= MOST_CHANNELS or file.samplerate not in RATES_HZ:
        raise _refused(
            source,
            f"a {kind} file of {file.channels} channels at {file.samplerate} Hz found; at most {MOST_CHANNELS} "
            f"channels at {RATES_HZ.start} to {RATES_HZ.stop - 1} Hz can be read",
        )


def _most(file: soundfile.SoundFile, *, most_s: float) -> int:
    return min(round(most_s * int(file.samplerate)), _MOST_VALUES // int(file.channels))


def _read(file: soundfile.SoundFile, *, frames: int) -> NDArray[np.float64]:
    """Read what there is; room that a file only claims to need is never touched, and so costs nothing."""
    samples = np.empty((file.channels, frames))
    done = 0
    while done < frames:
        stretch = file.read(min(_STRETCH, frames - done), dtype="float64", always_2d=True)
        if not len(stretch):
            break
        samples[:, done : done + len(stretch)] = stretch.T
        done += len(stretch)
    return samples[:, :done]


def _refused(source: str, found: str) -> CampaignError:
    return CampaignError(
        ErrorCode.PROVIDER_ERROR, f"{source}: {found}; a whole MP3, WAV, FLAC or Ogg file is expected"
    )
