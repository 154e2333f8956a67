"""Where a loop that was coded with loss is joined to itself.

Belongs here: finding the loop point at which what was decoded of the end runs into what was decoded of the beginning.
Does not belong here: how much of the loop a file carries before and after it (encoding).

The same music is coded differently at the end of a file and at its beginning. On a beat, where coders make their
largest errors, going from one to the other may be a larger step than any of the music's own.
"""

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.reading import SteadyFile

Samples = NDArray[np.float64]

_REACH_S = 0.03
"""How long before its first beat a loop may be joined: too short to be heard as waiting."""
_LEVELS = 4096
"""Differences are told apart in steps of this share of full scale: what decoders round is no reason to choose."""


def reach(sample_rate: int) -> int:
    """Say how many frames before its first beat a loop may be joined."""
    return round(_REACH_S * sample_rate)


def joint(data: bytes, *, lead: int, frames: int) -> int:
    """Find the frame of a decoded file at which the loop begins best, and ends as many frames later as it has.

    Args:
        lead: Frames of the loop's end that the file carries before its beginning; more than the reach.
        frames: Of the loop.
    """
    with SteadyFile(io.BytesIO(data)) as file:
        first = lead - reach(file.samplerate) - 1
        beginning = _read(file, first, lead - first + 1)
        end = _read(file, first + frames, lead - first + 1)
    apart = np.abs(end - beginning)
    step = np.abs(beginning[1:] - end[:-1])
    cost = np.rint((apart[1:] + apart[:-1] + step).max(axis=1) * _LEVELS)
    # Of places that are as good, the one nearest to the first beat.
    return lead - int(np.argmin(cost[::-1]))


def _read(file: soundfile.SoundFile, start: int, frames: int) -> Samples:
    file.seek(start)
    read: Samples = file.read(frames, dtype="float64", always_2d=True)
    return read
