"""Decibels.

Belongs here: going from ratios of amplitudes to decibels and back.
Does not belong here: anything that is measured in them.
"""

import math

_SMALLEST = 1e-9


def decibels(ratio: float) -> float:
    """Spell a ratio of amplitudes in decibels; nothing is spelled lower than −180."""
    return 20 * math.log10(max(ratio, _SMALLEST))


def gain(decibels: float) -> float:
    """Give the ratio of amplitudes that decibels spell."""
    return float(10 ** (decibels / 20))
