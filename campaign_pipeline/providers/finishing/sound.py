"""Sound as it came, on its way to what was asked.

Belongs here: the value that decoding hands to fitting.
Does not belong here: what is asked (model.audio), what a provider tells of its sound (providers.audio).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Sound:
    """Decoded sound.

    Args:
        samples: Shape (channels, frames), full scale at ±1, at any loudness.
    """

    samples: NDArray[np.float64]
    sample_rate: int

    @property
    def length_s(self) -> float:
        """How long it is."""
        return int(self.samples.shape[1]) / self.sample_rate

    @property
    def mono(self) -> NDArray[np.float64]:
        """All its channels in one."""
        one: NDArray[np.float64] = self.samples.mean(axis=0)
        return one
