"""Peaks that stand out less.

Belongs here: rounding off the few samples that rise far above the rest.
Does not belong here: how loud the whole is, and the ceiling of a file (providers.finishing).
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_KNEE_DB, _HIGHEST_DB = 13.0, 16.5
"""Above the root mean square: from where on peaks are rounded off, and what none exceeds. Music of 10 to 18 dB of
crest sounds open without vanishing beside speech; a lossy coder moves peaks by another decibel."""
_BLOCK = 1 << 15


def tame(mix: Samples) -> None:
    """Round off what rises far above the mean level, in place.

    Each sample by itself and by arithmetic alone, so that a loop stays a loop and equal machines give equal bits.
    """
    spans = [slice(start, start + _BLOCK) for start in range(0, mix.shape[1], _BLOCK)]
    level = np.sqrt(sum(float(np.sum(np.square(mix[:, span]))) for span in spans) / mix.size)
    knee, highest = (float(level * 10 ** (db / 20)) for db in (_KNEE_DB, _HIGHEST_DB))
    for span in spans:
        block = mix[:, span]
        over = np.abs(block) > knee
        if over.any():
            block[over] = _rounded(block[over], knee=knee, highest=highest)


def _rounded(peaks: Samples, *, knee: float, highest: float) -> Samples:
    beyond = np.abs(peaks) - knee
    room = highest - knee
    rounded: Samples = np.sign(peaks) * (knee + room * beyond / (room + beyond))
    return rounded
