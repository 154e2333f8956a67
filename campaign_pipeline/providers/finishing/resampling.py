"""Sound at another sample rate or another speed.

Belongs here: changing how many frames sound has, in the one pass that a sound takes.
Does not belong here: deciding the rate or the speed (arranging), the filter (band).
"""

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.band import Cycle, cycle_of
from campaign_pipeline.providers.parallel import in_order

Samples = NDArray[np.float64]

_SAME = 1e-9
"""A change by less than this share moves nothing by a frame in any piece."""
_STRETCH = 1 << 18
_CONVERTER = "sinc_medium"
"""121 dB between signal and noise, and twice as fast as the best, which 16 bits could not tell from it."""


def resampled(samples: Samples, *, ratio: float) -> Samples:
    """Give sound `ratio` times as many frames; its first frame stays the first.

    Args:
        samples: Shape (channels, frames); they are used up, for fewer frames are written over them. Five minutes of
            stereo are too much to hold twice.
    """
    if abs(ratio - 1) < _SAME:
        return samples
    frames = int(samples.shape[1] * ratio)
    made = samples[:, :frames] if ratio < 1 else np.empty((len(samples), frames))
    cycle = cycle_of(ratio, frames=samples.shape[1])

    def one(channel: int) -> None:
        if cycle:
            _write(made[channel], samples[channel], cycle=cycle)
        else:
            _write_at_any(made[channel], samples[channel], ratio=ratio)

    # Each channel is written where it belongs; nothing is handed back.
    list(in_order(one, range(len(samples))))
    return made


def _write_at_any(made: Samples, sound: Samples, *, ratio: float) -> None:
    """Resample one channel by a ratio that no cycle is near to, such as one of 1.00001; it takes six times as long.

    Source:
        libsamplerate (E. de Castro Lopo), after J. O. Smith's bandlimited interpolation.
    """
    import samplerate  # noqa: PLC0415 - seldom needed

    stretch = samplerate.resample(sound.astype(np.float32), ratio, _CONVERTER)[: len(made)]
    made[: len(stretch)] = stretch
    made[len(stretch) :] = 0


def _write(made: Samples, sound: Samples, *, cycle: Cycle) -> None:
    """Resample one channel from its beginning to its end, and so never read what was written over."""
    most = cycle.rows * max(1, _STRETCH // (cycle.rows * cycle.down))
    held, read = np.zeros(cycle.before), 0
    for start in range(0, len(made), most * cycle.up):
        products = -(-(len(made) - start) // (cycle.rows * cycle.up))
        cycles = min(most, cycle.rows * products)
        needed = cycles * cycle.down + cycle.beyond - len(held)
        fresh = sound[read : read + needed]
        read += needed
        heard = np.concatenate((held, fresh, np.zeros(needed - len(fresh))))
        held = heard[cycles * cycle.down :]
        stretch = cycle.play(heard, cycles=cycles)[: len(made) - start]
        made[start : start + len(stretch)] = stretch
