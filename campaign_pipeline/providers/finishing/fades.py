"""Where music dies away before its sound ends.

Belongs here: finding the end that a loop must not have, for what follows it is as loud as ever.
Does not belong here: silence around a sound (silence), fading out what shall end (ending).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.sound import Sound

Samples = NDArray[np.float64]

_WINDOW_S = 0.5
_FADED = 10 ** (-6 / 10)
"""Of the power that is usual in the sound."""
_DIED_AWAY = 10 ** (-12 / 10)
"""Of it, at the very end: what is only quieter there is music all the same."""
_SHORTEST_S = 2.0
"""Of an end that is left out: what dies away faster is the last note, most of which a cross-fade covers."""


def without_fade(sound: Sound, *, mono: Samples, least_s: float) -> Sound:
    """Leave out the end of a sound where it has faded, unless less than some length of it would be left.

    Args:
        mono: All its channels in one.
    """
    window = round(_WINDOW_S * sound.sample_rate)
    whole = mono[: len(mono) // window * window].reshape(-1, window)
    powers = np.einsum("nw,nw->n", whole, whole)
    usual = np.median(powers) if len(powers) else 0.0
    if not len(powers) or powers[-1] >= _DIED_AWAY * usual:
        return sound
    end = (int(np.flatnonzero(powers >= _FADED * usual)[-1]) + 1) * window
    if len(mono) - end < _SHORTEST_S * sound.sample_rate or end < least_s * sound.sample_rate:
        return sound
    return replace(sound, samples=sound.samples[:, :end])
