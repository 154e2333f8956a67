"""To one loudness, whatever came in.

Belongs here: removing DC, gain to the target, holding the peaks, rounding to 16 bits.
Does not belong here: measuring (loudness, peaks), file formats (encoding).
"""

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.decibels import gain
from campaign_pipeline.providers.finishing.limiting import limit
from campaign_pipeline.providers.finishing.loudness import SILENCE_LUFS, integrated_loudness
from campaign_pipeline.providers.finishing.silence import refusal_of_silence
from campaign_pipeline.providers.finishing.verification import TARGET_LUFS

FULL_SCALE = 32768
_CLOSE_ENOUGH_LU = 0.1
_ROUNDS = 12
_STRETCH = 1 << 16


def master(
    samples: NDArray[np.float64],
    *,
    sample_rate: int,
    loop: bool,
    ceiling_dbtp: float,
    target_lufs: float = TARGET_LUFS,
) -> None:
    """Bring sound to a loudness and below a true peak, and round it to 16 bits, in place.

    Args:
        samples: Shape (channels, frames); five minutes of stereo are 212 MB, too much to hold twice.

    Raises:
        CampaignError: GENERATION_FAILED, there is nothing to be heard.
    """
    for attempt in range(_ROUNDS):
        # Holding the peaks of one side more than those of the other brings back some.
        samples -= samples.mean(axis=1, keepdims=True)
        loudness = integrated_loudness(samples, sample_rate=sample_rate, loop=loop)
        if loudness <= SILENCE_LUFS:
            raise refusal_of_silence()
        samples *= gain(target_lufs - loudness)
        dips = limit(samples, ceiling=gain(ceiling_dbtp), sample_rate=sample_rate, loop=loop)
        # Held peaks cost loudness, so it is measured again, unless they were held before this small gain.
        if not dips or (attempt and abs(loudness - target_lufs) < _CLOSE_ENOUGH_LU):
            break
    _round(samples)


def as_integers(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """Give mastered samples as the 16-bit numbers that they are, in a quarter of the room."""
    integers = np.empty(samples.shape, dtype=np.int16)
    np.multiply(samples, FULL_SCALE, out=integers, casting="unsafe")
    return integers


def _round(samples: NDArray[np.float64]) -> None:
    """Round to 16 bits without dither: it would be no quieter than the rounding, and equal bytes matter more."""
    for start in range(0, samples.shape[1], _STRETCH):
        stretch = samples[:, start : start + _STRETCH]
        np.rint(stretch * FULL_SCALE, out=stretch)
        np.clip(stretch, -FULL_SCALE, FULL_SCALE - 1, out=stretch)
        stretch /= FULL_SCALE
