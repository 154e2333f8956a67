"""A finished file as a player hears it.

Belongs here: decoding a file from its first frame to its last, what it is by that, and where the loop lies in it.
Does not belong here: writing the file (encoding), which joint is the best (joint), whether it is as asked
(verification).

A decoder of MP3 that is sent to the middle of a file gives other samples there than one that arrives: what it needs
of the frames before is missing, the more of them the smaller they are. So nothing is sought, and one pass serves
all ends.
"""

import io
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.encoding import Encoding
from campaign_pipeline.providers.finishing.joint import joint
from campaign_pipeline.providers.finishing.margins import reach
from campaign_pipeline.providers.finishing.reading import SteadyFile
from campaign_pipeline.providers.parallel import aside

Samples = NDArray[np.float64]

_STRETCH = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Playback:
    """What a decoder makes of a file; of its shape nothing is taken from what was asked.

    Args:
        samples: Of the loop, or of a piece that does not loop; fewer than were asked where the file has fewer.
        channels: Of the file.
        before: Frames of the file before these samples.
        after: Frames of the file after them.
    """

    samples: Samples
    sample_rate: int
    channels: int
    before: int
    after: int


def play_into(samples: Samples, data: bytes, *, encoding: Encoding) -> Playback:
    """Decode a file into the samples that it was made from, so that no second buffer is needed.

    Args:
        samples: Shape (channels, frames); they are used up.
        encoding: How the file was to be written; it tells where the loop should lie.
    """
    return aside(lambda: _play_into(samples, data, encoding=encoding))


def _play_into(samples: Samples, data: bytes, *, encoding: Encoding) -> Playback:
    room = reach(encoding.sample_rate) if encoding.lead else 0
    with SteadyFile(io.BytesIO(data)) as file:
        before = _read(file, encoding.lead - room)
        heard = samples[: file.channels]
        heard = heard[:, : _fill(heard, file)]
        after = _read(file, room + 1)
        early = _join(heard, before, after, room=room)
        held = before.shape[1] + heard.shape[1] + after.shape[1] + _count(file)
        first = before.shape[1] + early
        return Playback(
            samples=heard,
            sample_rate=file.samplerate,
            channels=file.channels,
            before=first,
            after=held - first - heard.shape[1],
        )


def _join(heard: Samples, before: Samples, after: Samples, *, room: int) -> int:
    """Let what is heard begin where a loop is joined best, in place; of what is too short, nothing is joined.

    Returns:
        By how many frames it begins later.
    """
    if not room or after.shape[1] <= room or heard.shape[1] <= room:
        return 0
    rows = len(heard)
    late = joint(
        beginning=np.concatenate((before[:rows, -1:], heard[:, : room + 1]), axis=1),
        end=np.concatenate((heard[:, -1:], after[:rows]), axis=1),
    )
    if late:
        _shift(heard, late)
        heard[:, -late:] = after[:rows, :late]
    return late


def _shift(samples: Samples, by: int) -> None:
    """Move samples to the front, stretch by stretch: at once, numpy would copy all of them first."""
    for channel in samples:
        for start in range(0, len(channel) - by, _STRETCH):
            stretch = channel[start + by : start + by + _STRETCH]
            channel[start : start + len(stretch)] = stretch


def _read(file: soundfile.SoundFile, frames: int) -> Samples:
    read: Samples = file.read(frames, dtype="float64", always_2d=True).T
    return read


def _fill(samples: Samples, file: soundfile.SoundFile) -> int:
    """Read as much as there is room for, or less where the file ends, and say how much."""
    done = 0
    while done < samples.shape[1]:
        stretch = _read(file, min(_STRETCH, samples.shape[1] - done))
        if not stretch.size:
            break
        samples[:, done : done + stretch.shape[1]] = stretch[: len(samples)]
        done += stretch.shape[1]
    return done


def _count(file: soundfile.SoundFile) -> int:
    """Count the frames that are left."""
    counted = 0
    while frames := _read(file, _STRETCH).shape[1]:
        counted += frames
    return counted
