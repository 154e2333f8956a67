"""How a kick pushes the rest down.

Belongs here: the gain of what is ducked, from the kick on.
Does not belong here: which parts are ducked (play), and how far in a genre (genres).
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_BEATS = 0.8
_ATTACK_S = 0.005
"""What is pushed down at once clicks."""


def dip(
    frame: NDArray[np.int64], *, depth: float, kick_frames: int, frames_per_beat: float, sample_rate: int
) -> Samples:
    """Give the gain at frames after a kick began; it is back at 1 when the kick is over, however slow the beat.

    Args:
        depth: How far the kick pushes the rest down, 0 to 1.
    """
    length = min(_BEATS * frames_per_beat, kick_frames)
    left = np.maximum(1 - frame / length, 0) ** 2
    gain: Samples = 1 - depth * left * np.minimum(frame / (_ATTACK_S * sample_rate), 1)
    return gain
