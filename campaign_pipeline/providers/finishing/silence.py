"""Where sound begins and ends.

Belongs here: finding the silence around it, and the refusal of sound that is nothing else.
Does not belong here: cutting it off (fitting), telling that all of it is silent from its loudness (mastering).
"""

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.errors import CampaignError, ErrorCode

Samples = NDArray[np.float64]

_WINDOW_S = 0.01
_WINDOWS_AT_A_TIME = 100
"""Few enough that what is computed of them stays in a processor's cache."""
_SILENT = 10 ** (-50 / 20)
"""Of the loudest hundredth of a second: what is quieter around music is the noise of a recording, or a last echo."""


def sounding(samples: Samples, *, sample_rate: int) -> slice:
    """Find the frames between the silence before and after a sound.

    Returns:
        From the hundredth of a second before the first sound to the end of the last; of silence, nothing.
    """
    window = max(1, round(_WINDOW_S * sample_rate))
    powers = sum(_powers(channel, window=window) for channel in samples)
    heard = np.flatnonzero(powers > _SILENT**2 * np.max(powers))
    if not len(heard):
        return slice(0, 0)
    return slice(max(0, int(heard[0] - 1) * window), min(samples.shape[1], int(heard[-1] + 1) * window))


def _powers(channel: Samples, *, window: int) -> Samples:
    """Sum up the squares over each window; the last one may be shorter."""
    # The channel's own mean is taken away: a constant is no sound.
    mean = float(channel.mean())
    step = window * _WINDOWS_AT_A_TIME
    stretches = (np.square(channel[start : start + step] - mean) for start in range(0, len(channel), step))
    return np.concatenate(
        [np.add.reduceat(squares, np.arange(0, len(squares), window)) for squares in stretches]
    )


def ends_quietly(samples: Samples, *, sample_rate: int) -> bool:
    """Tell whether the last hundredth of a second is silent, so that nothing is cut off there."""
    last = samples[:, -max(1, round(_WINDOW_S * sample_rate)) :]
    return float(np.abs(last).max()) <= _SILENT * max(float(samples.max()), -float(samples.min()))


def refusal_of_silence() -> CampaignError:
    """Word the error that there is nothing to be heard."""
    return CampaignError(
        ErrorCode.GENERATION_FAILED, "audio: the provider's sound is silent; music is expected"
    )
