"""True peaks: how high the sound swings between the samples.

Belongs here: finding peaks by four times oversampling.
Does not belong here: turning them down (limiting).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.parallel import in_order

Samples = NDArray[np.float64]

_OVERSAMPLING = 4
_TAPS = 32
"""Samples that each value between two samples is made from."""
_CANDIDATE = 0.6
"""A peak beyond the threshold has a sample of at least this share of it beside it: below a third of the sample
rate, where music is, the swing between two samples is at most twice as high, and seldom more than half."""
_STRETCH = 1 << 17


@dataclass(frozen=True, kw_only=True)
class Peaks:
    """Peaks by frame; a value is the highest swing from that frame up to the next, over all channels."""

    frames: NDArray[np.int64]
    values: Samples


def true_peak(samples: Samples, *, loop: bool) -> float:
    """Measure the true peak, full scale being 1.

    Source:
        ITU-R BS.1770-4, annex 2: four times oversampling.
    """
    highest = max(float(samples.max()), -float(samples.min()))
    found = peaks_above(samples, threshold=highest, loop=loop)
    return max(highest, float(found.values.max(initial=0.0)))


def peaks_above(samples: Samples, *, threshold: float, loop: bool) -> Peaks:
    """Find every frame after which the sound swings beyond a threshold."""
    if threshold <= 0:
        return Peaks(frames=np.zeros(0, dtype=np.int64), values=np.zeros(0))
    kernel = _kernel()
    reach = np.arange(_TAPS) - _TAPS // 2 + 1

    def search(place: tuple[Samples, int]) -> Peaks:
        channel, start = place
        stretch = channel[start : start + _STRETCH]
        near = np.flatnonzero(np.abs(stretch) > _CANDIDATE * threshold) + start
        # The swing after a frame belongs to it: the one before a candidate belongs to its neighbour.
        places = np.union1d(near, near - 1)
        places = places % len(channel) if loop else places[places >= 0]
        around = channel.take(places[:, None] + reach, mode="wrap" if loop else "clip")
        between = np.einsum("nt,tp->np", around, kernel)
        values = np.maximum(np.abs(between).max(axis=1, initial=0), np.abs(channel[places]))
        over = values > threshold
        return Peaks(frames=places[over], values=values[over])

    places = [(channel, start) for channel in samples for start in range(0, samples.shape[1], _STRETCH)]
    found = list(in_order(search, places))
    frames = np.concatenate([peaks.frames for peaks in found])
    values = np.concatenate([peaks.values for peaks in found])
    order = np.argsort(frames, kind="stable")
    return Peaks(frames=frames[order], values=values[order])


def _kernel() -> Samples:
    """Make the windowed sincs that give the values a quarter, a half and three quarters after a sample."""
    fraction = np.arange(1, _OVERSAMPLING) / _OVERSAMPLING
    distance = (np.arange(_TAPS) - _TAPS // 2 + 1)[:, None] - fraction[None, :]
    window = np.cos(np.pi * distance / (_TAPS + 1)) ** 2
    kernel: Samples = np.sinc(distance) * window
    return kernel
