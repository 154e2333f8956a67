"""The filter that gives the values of sound between its samples.

Belongs here: the band that is kept at another rate, and the weights that make each new frame of the old ones.
Does not belong here: going through a sound with them (resampling).

Where the ratio of two rates is one of two whole numbers, or so near to one that nobody hears the difference, the
weights are the same again after a cycle of frames, and those of a few neighbouring frames are one matrix: the work is
products of matrices, which numpy does in the fewest steps there are, and in threads.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_CROSSINGS = 64
"""Of the filter to either side, at the lower of both rates."""
_SHAPE = 10.0
"""Kaiser's window of this shape leaves 100 dB between what is kept and what is not: 16 bits hold 98."""
_KEPT = 0.95
"""The middle of the filter's slope, as a share of the lower band: it is flat to nine tenths of it."""
_SMALLEST, _LARGEST = 1024, (4096, 16384)
"""Frames of a cycle: enough that a matrix makes many frames out of few, and as few as come near enough to the ratio."""
_OFF_FRAMES = 0.5
"""By which the last frame may come early or late: no more than where a loop is joined is rounded by."""
_TOGETHER = 64
"""New frames that one matrix makes."""
_PRODUCT = 1 << 18
"""Multiplications of one product of matrices. OpenBLAS divides larger ones among threads of its own, which wait for
each other in a loop: on a busy machine that takes twenty times as long."""
_WINDOW_POINTS = 1 << 14


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """So many new frames of so many old ones, again and again.

    Args:
        up: New frames of one cycle.
        down: Old frames of one cycle.
        before: Old frames before the first new one that take part in it.
        beyond: Old frames that have to be there for the last cycle beyond its own.
        rows: Cycles that one product makes; they are played in multiples of it.
        weights: For every few new frames, the first old one that takes part, and shape (old, new).
    """

    up: int
    down: int
    before: int
    beyond: int
    rows: int
    weights: tuple[tuple[int, Samples], ...]

    def play(self, heard: Samples, *, cycles: int) -> Samples:
        """Make the frames of some cycles.

        Args:
            heard: One channel, from `before` frames before the first new one.
        """
        made = np.empty((cycles // self.rows, self.rows, self.up))
        place = 0
        for first, weights in self.weights:
            old, new = weights.shape
            windows = np.lib.stride_tricks.sliding_window_view(heard, old)[first :: self.down][:cycles]
            np.matmul(windows.reshape(*made.shape[:2], old), weights, out=made[:, :, place : place + new])
            place += new
        return made.reshape(-1)


def cycle_of(ratio: float, *, frames: int) -> Cycle | None:
    """Find the cycle in which sound gets `ratio` times as many frames; None where each would be too long.

    Args:
        frames: Of the sound; the shorter it is, the less a ratio that is nearly right is off at its end.
    """
    near = (Fraction(ratio).limit_denominator(largest) for largest in _LARGEST)
    close = (exact for exact in near if abs(float(exact) - ratio) * frames <= _OFF_FRAMES)
    exact = next(close, None)
    return _cycle(exact) if exact else None


def _cycle(exact: Fraction) -> Cycle:
    times = -(-_SMALLEST // min(exact.numerator, exact.denominator))
    up, down = times * exact.numerator, times * exact.denominator
    # At a lower rate the filter is as much longer as its band is narrower.
    reach = -(-_CROSSINGS * max(up, down) // up)
    weights = tuple(
        _weights(
            np.arange(start, min(start + _TOGETHER, up), dtype=np.float64) * (down / up),
            reach=reach,
            scale=min(1.0, up / down),
        )
        for start in range(0, up, _TOGETHER)
    )
    largest = max(matrix.size for _, matrix in weights)
    ends = max(first + len(matrix) for first, matrix in weights)
    return Cycle(
        up=up,
        down=down,
        before=reach,
        beyond=max(0, ends - down),
        rows=max(1, _PRODUCT // largest),
        weights=weights,
    )


def _weights(places: Samples, *, reach: int, scale: float) -> tuple[int, Samples]:
    """Weigh old frames for new ones at some places among them."""
    first = int(places[0])
    old = np.arange(first - reach, int(places[-1]) + reach + 1)
    away = (old[:, None] - places) * scale
    weights = np.sinc(_KEPT * away) * _window(away / _CROSSINGS)
    return first, weights / weights.sum(axis=0)


def _window(share: Samples) -> Samples:
    """Give Kaiser's window at shares of its half width."""
    points, window = _window_points()
    return np.interp(np.abs(share), points, window, right=0.0)


@cache
def _window_points() -> tuple[Samples, Samples]:
    points = np.linspace(0, 1, _WINDOW_POINTS)
    return points, np.i0(_SHAPE * np.sqrt(1 - np.square(points))) / np.i0(_SHAPE)
