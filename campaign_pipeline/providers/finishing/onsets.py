"""How much new sound begins at each moment.

Belongs here: onset strength over time, of any sound at any rate.
Does not belong here: what pulse the onsets have (pulse).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.parallel import in_order

Samples = NDArray[np.float64]

_HOPS_PER_S = 100
_WINDOW_S = 0.046
_LOWEST_HZ, _HIGHEST_HZ, _BANDS = 60.0, 8000.0, 32
_CONTRAST = 30.0
"""How far quiet sound is lifted beside loud sound before it is compared: a soft beat is a beat."""
_HANDFUL = 256
_LOCAL_S = 1.0
_SMOOTH = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16


@dataclass(frozen=True, kw_only=True)
class Onsets:
    """Onset strength, at least 0, by hop.

    Args:
        hop_s: Time between two values.
        first_s: The time of the first value.
    """

    strength: Samples
    hop_s: float
    first_s: float


def onsets(sound: Samples, *, sample_rate: int) -> Onsets:
    """Take the onset strength of one channel: how much louder, in all bands together, each moment is than the last.

    Source:
        Spectral flux over compressed bands (S. Böck et al., 2012), without what is constant over a second.
    """
    window = 1 << round(np.log2(_WINDOW_S * sample_rate))
    hop = round(sample_rate / _HOPS_PER_S)
    count = 1 + (len(sound) + hop) // hop
    shape, edges = np.hanning(window), _edges(window, sample_rate=sample_rate)
    level = _CONTRAST / (float(np.sqrt(np.vdot(sound, sound) / len(sound))) * float(shape.sum()) + 1e-12)

    def bands(start: int) -> Samples:
        many = min(_HANDFUL, count - start)
        heard = _around(sound, start * hop - window // 2, frames=(many - 1) * hop + window)
        windows = np.lib.stride_tricks.sliding_window_view(heard, window)[::hop]
        magnitude = np.abs(np.fft.rfft(windows * shape))
        return np.log1p(level * np.add.reduceat(magnitude, edges, axis=1)[:, :-1])

    loud = np.concatenate(list(in_order(bands, range(0, count, _HANDFUL))))
    flux = np.maximum(np.diff(loud, axis=0), 0).sum(axis=1)
    local = min(round(_HOPS_PER_S * _LOCAL_S), len(flux))
    flux = np.maximum(flux - np.convolve(flux, np.ones(local) / local, mode="same"), 0)
    # A value belongs between the two windows that it compares.
    return Onsets(
        strength=np.convolve(flux, _SMOOTH, mode="same"),
        hop_s=hop / sample_rate,
        first_s=hop / sample_rate / 2,
    )


def _around(sound: Samples, start: int, *, frames: int) -> Samples:
    """Cut from a sound that is silent before and after; no copy is made of all of it, for it may be long."""
    inside = sound[max(start, 0) : max(start + frames, 0)]
    before = min(max(-start, 0), frames)
    return inside if len(inside) == frames else np.pad(inside, (before, frames - before - len(inside)))


def _edges(window: int, *, sample_rate: int) -> NDArray[np.int64]:
    """Give the bins at which bands begin; the last one ends the last band."""
    hz = np.geomspace(_LOWEST_HZ, min(_HIGHEST_HZ, 0.45 * sample_rate), _BANDS + 1)
    return np.unique(np.rint(hz * window / sample_rate).astype(np.int64))
