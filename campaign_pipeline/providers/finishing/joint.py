"""Where a loop that was coded with loss is joined to itself.

Belongs here: finding the loop point at which what was decoded of the end runs into what was decoded of the beginning.
Does not belong here: how much of the loop a file carries before and after it (margins), decoding it (playback).

The same music is coded differently at the end of a file and at its beginning. On a beat, where coders make their
largest errors, going from one to the other may be a larger step than any of the music's own.
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_LEVELS = 4096
"""Differences are told apart in steps of this share of full scale: what decoders round is no reason to choose."""


def joint(*, beginning: Samples, end: Samples) -> int:
    """Find the frame at which a loop begins best, and ends as many frames later as it has.

    Args:
        beginning: Shape (channels, frames): from the frame before the earliest place at which the loop may begin to its
            first beat.
        end: The same stretch of the music, as it was decoded at the end of the loop.

    Returns:
        How many frames after the earliest place it begins.
    """
    apart = np.abs(end - beginning)
    step = np.abs(beginning[:, 1:] - end[:, :-1])
    cost = np.rint((apart[:, 1:] + apart[:, :-1] + step).max(axis=0) * _LEVELS)
    # Of places that are as good, the one nearest to the first beat.
    return len(cost) - 1 - int(np.argmin(cost[::-1]))
