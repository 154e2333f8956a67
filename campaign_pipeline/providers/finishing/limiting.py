"""Turning peaks down without being heard.

Belongs here: a look-ahead limiter that runs around a loop.
Does not belong here: finding the peaks (peaks).
"""

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.peaks import Peaks, peaks_above

Samples = NDArray[np.float64]

_ATTACK_S, _RELEASE_S = 0.006, 0.07
_ROUNDS = 24
_MARGIN = 0.998
"""Aimed a hair below the ceiling, so that a round is not repeated for a rounding error."""


def limit(samples: Samples, *, ceiling: float, sample_rate: int, loop: bool) -> int:
    """Hold true peaks below a ceiling, in place.

    Each peak is met by a smooth dip that begins before it and is deepest at it; both channels dip together, so the
    stereo image stands still.

    Returns:
        How many dips it took; 0 where nothing was too high.
    """
    dips = 0
    for _ in range(_ROUNDS):
        peaks = peaks_above(samples, threshold=ceiling, loop=loop)
        if not len(peaks.frames):
            return dips
        leaders = _leaders(peaks, apart=round(_ATTACK_S * sample_rate))
        _dip_at(leaders, samples, ceiling, sample_rate, loop=loop)
        dips += len(leaders.frames)
    # A signal that is one single peak, such as clipped noise: less of everything is all that helps.
    worst = peaks_above(samples, threshold=ceiling, loop=loop).values
    if len(worst):
        samples *= _MARGIN * ceiling / float(worst.max())
    return dips + len(worst)


def _leaders(peaks: Peaks, *, apart: int) -> Peaks:
    """Keep the highest peak of each neighbourhood; a dip there may have settled the others."""
    cells = peaks.frames // apart
    order = np.lexsort((-peaks.values, cells))
    _, first = np.unique(cells[order], return_index=True)
    chosen = order[first]
    frames, values = peaks.frames[chosen], peaks.values[chosen]
    left = np.concatenate(([0.0], np.where(np.diff(cells[chosen]) == 1, values[:-1], 0.0)))
    right = np.concatenate((np.where(np.diff(cells[chosen]) == 1, values[1:], 0.0), [0.0]))
    leads = (values >= left) & (values > right)
    return Peaks(frames=frames[leads], values=values[leads])


def _dip_at(peaks: Peaks, samples: Samples, ceiling: float, sample_rate: int, *, loop: bool) -> None:
    attack, release = round(_ATTACK_S * sample_rate), round(_RELEASE_S * sample_rate)
    shape = np.concatenate((_rise(attack), [1.0, 1.0], _rise(release)[::-1]))
    frames = samples.shape[1]
    for frame, value in zip(peaks.frames.tolist(), peaks.values.tolist(), strict=True):
        gain = 1 - (1 - _MARGIN * ceiling / value) * shape
        places = np.arange(frame - attack, frame - attack + len(shape))
        if loop:
            samples[:, places % frames] *= gain
        else:
            inside = (places >= 0) & (places < frames)
            samples[:, places[inside]] *= gain[inside]


def _rise(frames: int) -> Samples:
    return (1 - np.cos(np.pi * np.arange(frames) / frames)) / 2
