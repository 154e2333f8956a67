"""From one sound into another, at one loudness.

Belongs here: the gains of a cross-fade.
Does not belong here: where one is made (arranging).
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]


def crossfaded(outgoing: Samples, incoming: Samples) -> Samples:
    """Mix two stretches of shape (channels, frames), the first going, the second coming; the last frame is all new.

    Sounds that have nothing in common add up by power, equal ones by amplitude; the gains are those in between that
    keep this pair as loud as it is.

    Source:
        M. Fink, M. Holters, U. Zölzer: Signal-matched power-complementary cross-fading and dry-wet mixing (DAFx 2016).
    """
    frames = outgoing.shape[1]
    coming = np.square(np.sin(np.pi / 2 * np.arange(1, frames + 1) / frames))
    going = 1 - coming
    loss = np.sqrt(
        np.square(coming) + np.square(going) + 2 * _correlation(outgoing, incoming) * coming * going
    )
    mixed: Samples = (outgoing * going + incoming * coming) / loss
    return mixed


def _correlation(one: Samples, other: Samples) -> float:
    """Correlate; opposites count as strangers, for what cancels itself out cannot be made loud."""
    power = float(np.sum(np.square(one)) * np.sum(np.square(other)))
    return max(0.0, float(np.sum(one * other)) / power**0.5) if power > 0 else 0.0
