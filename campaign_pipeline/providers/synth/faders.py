"""The mix: how loud each bus is.

Belongs here: setting levels from the audible energy that the score puts on each bus.
Does not belong here: the loudness of the finished whole (providers.finishing).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.hearing import k_power


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """The audible energy that one sound adds to a bus."""

    bus: str
    energy: float


def set_faders(shares: Iterable[Share], *, wanted: Mapping[str, float]) -> dict[str, float]:
    """Choose each bus's gain so that the loudness of the whole is shared out as wanted.

    The parts of a piece are drawn, so their number of notes is not known when a genre is designed; levels that
    follow the score keep every draw in balance.
    """
    energy = dict.fromkeys(wanted, 0.0)
    for share in shares:
        energy[share.bus] += share.energy
    total = sum(wanted[bus] for bus in wanted if energy[bus] > 0)
    return {bus: math.sqrt(wanted[bus] / total / energy[bus]) if energy[bus] > 0 else 0.0 for bus in wanted}


def audible_energy(sound: NDArray[np.float64], *, sample_rate: int) -> float:
    """Measure the K-weighted energy of a short sound."""
    frames = 1 << (len(sound) - 1).bit_length()
    power = np.abs(np.fft.rfft(sound, frames)) ** 2
    heard = k_power(np.fft.rfftfreq(frames, 1 / sample_rate).astype(np.float64), sample_rate=sample_rate)
    return float(np.sum(power * heard)) * 2 / frames
