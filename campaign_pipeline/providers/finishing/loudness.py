"""Integrated loudness.

Belongs here: the measurement of BS.1770, for loops and for pieces that end.
Does not belong here: changing the loudness (mastering), the weighting curve itself (hearing).
"""

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.hearing import k_weighting
from campaign_pipeline.providers.parallel import in_order

Samples = NDArray[np.float64]

_TRANSFORM = 24576
"""Frames filtered at a time; what is left of it before each step outlasts the filter's memory."""
_LONGEST_STEP = 20480
_HOPS_PER_BLOCK = 4
_OFFSET_LUFS = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0

SILENCE_LUFS = -120.0
"""What is reported where no block passes the gates."""


def integrated_loudness(samples: Samples, *, sample_rate: int, loop: bool) -> float:
    """Measure integrated loudness in LUFS.

    Args:
        samples: Shape (channels, frames), full scale at ±1.
        loop: Whether the end runs into the beginning; filter and gating blocks then run around it too.

    Source:
        ITU-R BS.1770-4: K-weighting, blocks of 400 ms that overlap by 75 %, gates at −70 LUFS and −10 LU.
    """
    hops = _hop_energies(samples, sample_rate=sample_rate, loop=loop)
    if loop:
        hops = np.concatenate((hops, hops[: _HOPS_PER_BLOCK - 1]))
    sums = np.cumsum(np.concatenate(([0.0], hops)))
    blocks = (sums[_HOPS_PER_BLOCK:] - sums[:-_HOPS_PER_BLOCK]) / (_HOPS_PER_BLOCK * _hop(sample_rate))
    loud = blocks[blocks > _power(_ABSOLUTE_GATE_LUFS)]
    if not len(loud):
        return SILENCE_LUFS
    gate = _power(_lufs(float(loud.mean())) + _RELATIVE_GATE_LU)
    return _lufs(float(loud[loud > gate].mean()))


def _hop_energies(samples: Samples, *, sample_rate: int, loop: bool) -> Samples:
    """Sum the squares of the weighted signal, all channels together, over each 100 ms."""
    hop = _hop(sample_rate)
    step = hop * (_LONGEST_STEP // hop)
    before = _TRANSFORM - step
    weighting = k_weighting(
        np.fft.rfftfreq(_TRANSFORM, 1 / sample_rate).astype(np.float64), sample_rate=sample_rate
    )
    count = samples.shape[1] // hop

    def energies(start: int) -> Samples:
        stretch = _stretch(samples, start - before, start + step, loop=loop)
        weighted = np.fft.irfft(np.fft.rfft(stretch) * weighting, _TRANSFORM)[:, before:]
        summed: Samples = np.square(weighted).reshape(len(samples), -1, hop).sum(axis=(0, 2))
        return summed

    return np.concatenate(list(in_order(energies, range(0, count * hop, step))))[:count]


def _stretch(samples: Samples, start: int, end: int, *, loop: bool) -> Samples:
    """Cut a stretch that may reach beyond the ends: there a loop goes on, and anything else is silent."""
    frames = samples.shape[1]
    if start >= 0 and end <= frames:
        return samples[:, start:end]
    if loop:
        # take() would first copy all of a long piece that is a part of an array.
        return samples[:, np.arange(start, end) % frames]
    inside = samples[:, max(start, 0) : min(end, frames)]
    return np.pad(inside, ((0, 0), (max(-start, 0), max(end - frames, 0))))


def _hop(sample_rate: int) -> int:
    return round(sample_rate / 10)


def _lufs(power: float) -> float:
    return _OFFSET_LUFS + 10 * float(np.log10(power))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LUFS) / 10))
