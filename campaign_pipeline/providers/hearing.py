"""How loud the ear finds each frequency.

Belongs here: the K-weighting curve of the loudness standards.
Does not belong here: measuring a signal (finishing.loudness) or mixing by ear (synth.faders).
"""

import numpy as np
from numpy.typing import NDArray

_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_HIGH_PASS_HZ, _HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
_SHELF_BAND_POWER = 0.4996667741545416


def k_weighting(frequencies_hz: NDArray[np.float64], *, sample_rate: int) -> NDArray[np.complex128]:
    """Give the complex response of the K-weighting filter at some frequencies.

    Source:
        ITU-R BS.1770-4, annex 1: its two biquads, given there for 48 kHz, as the analogue prototypes from which
        the bilinear transform makes them at any rate (B. De Man, 2014).
    """
    z = np.exp(-2j * np.pi * frequencies_hz / sample_rate)
    return _biquad(_shelf(sample_rate), z) * _biquad(_high_pass(sample_rate), z)


def k_power(frequencies_hz: NDArray[np.float64], *, sample_rate: int) -> NDArray[np.float64]:
    """Give the factor by which K-weighting changes the power of each frequency."""
    return np.abs(k_weighting(frequencies_hz, sample_rate=sample_rate)) ** 2


def _biquad(coefficients: tuple[float, ...], z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    b0, b1, b2, a0, a1, a2 = coefficients
    return (b0 + z * (b1 + z * b2)) / (a0 + z * (a1 + z * a2))


def _shelf(sample_rate: int) -> tuple[float, ...]:
    k = np.tan(np.pi * _SHELF_HZ / sample_rate)
    high = 10 ** (_SHELF_DB / 20)
    band = high**_SHELF_BAND_POWER
    return (
        high + band * k / _SHELF_Q + k * k,
        2 * (k * k - high),
        high - band * k / _SHELF_Q + k * k,
        1 + k / _SHELF_Q + k * k,
        2 * (k * k - 1),
        1 - k / _SHELF_Q + k * k,
    )


def _high_pass(sample_rate: int) -> tuple[float, ...]:
    k = np.tan(np.pi * _HIGH_PASS_HZ / sample_rate)
    a0 = 1 + k / _HIGH_PASS_Q + k * k
    # The standard's numerator is 1, −2, 1 without the division by a0 that unity gain would need.
    return (a0, -2 * a0, a0, a0, 2 * (k * k - 1), 1 - k / _HIGH_PASS_Q + k * k)
