"""As many channels as are asked, whatever came.

Belongs here: folding channels together, doubling one, turning round what would cancel itself out, comparing two.
Does not belong here: levels (mastering).
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_OPPOSED = -0.5
"""Correlation below which left and right are taken to be one sound with the wires of one side swapped: the single
speaker of a phone would play less than a quarter of it. No wide stereo of music is so far apart."""
_BESIDE_THE_FRONT = 2**-0.5
"""Of centre and surround channels, in each of the front ones (ITU-R BS.775)."""
_STEREO = 2


def folded(samples: Samples, *, channels: int) -> Samples:
    """Give sound one or two channels.

    Args:
        samples: Shape (channels, frames); with more than two, the first two are front left and right.
    """
    front = _front(samples)
    if len(front) == channels:
        return front
    return np.repeat(front, channels, axis=0) if len(front) == 1 else front.mean(axis=0, keepdims=True)


def _front(samples: Samples) -> Samples:
    if len(samples) == 1:
        return samples
    front = samples[:_STEREO]
    if len(samples) > _STEREO:
        front = front + _BESIDE_THE_FRONT * samples[_STEREO:].sum(axis=0)
    left, right = front
    opposed = product(left, right) < _OPPOSED * (product(left, left) * product(right, right)) ** 0.5
    return np.stack((left, -right)) if opposed else front


def product(one: Samples, other: Samples) -> float:
    """Sum up the products of two channels, frame by frame."""
    return float(np.einsum("i,i", one, other))
