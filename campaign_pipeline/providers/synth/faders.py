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
class Fader:
    """One player of a bus.

    Args:
        player: Who plays, where a bus has several players; they are mixed to the same loudness.
        energy: The audible energy of all it plays, over the whole piece, at level 1.
        part: The share of its bus's loudness that it is due.
    """

    bus: str
    player: str
    energy: float
    part: float


def levels(faders: Iterable[Fader], *, wanted: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Choose the level of each bus and player so that the loudness of the whole is shared out as wanted.

    The parts of a piece are drawn, so their number of notes is not known when a genre is designed; levels that
    follow the score keep every draw in balance.

    Args:
        wanted: Bus to its share of the loudness of the whole.
    """
    heard = [fader for fader in faders if fader.energy > 0]
    total = sum(wanted[fader.bus] * fader.part for fader in heard)
    return {
        (fader.bus, fader.player): math.sqrt(wanted[fader.bus] * fader.part / total / fader.energy)
        for fader in heard
    }


def audible_energy(sound: NDArray[np.float64], *, sample_rate: int) -> float:
    """Measure the K-weighted energy of a short sound."""
    frames = 1 << (len(sound) - 1).bit_length()
    power = np.abs(np.fft.rfft(sound, frames)) ** 2
    heard = k_power(np.fft.rfftfreq(frames, 1 / sample_rate).astype(np.float64), sample_rate=sample_rate)
    return float(np.sum(power * heard)) * 2 / frames
