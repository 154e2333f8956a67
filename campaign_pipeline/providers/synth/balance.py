"""Highs and lows in proportion, whatever a prompt, a mood and a genre have come to together.

Belongs here: measuring a mix's colour, and the gentlest filter that brings it within bounds.
Does not belong here: the colour that a style is meant to have (arrangement, patches, faders).
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.spectrum import Spectrum

Samples = NDArray[np.float64]

_DULLEST_HZ, _SHRILLEST_HZ = 640.0, 1920.0
"""Of the centroid. Within what is promised of a file, 600 to 2,000 Hz: a lossy coder takes some off the top,
and the width that is set afterwards moves it a little."""
_PHONE_HZ = 300.0
_LEAST_ABOVE = 10 ** (-2.6 / 10)
"""Of the loudness, within what a phone's speaker plays: it loses no more than 2.6 of the 3 LU that are promised."""
_MOST_SHELF_DB, _MOST_TILT_DB = 9.0, 4.5
"""Beyond which a filter would be heard as one; a tilt's are for each octave."""
_PIVOT_HZ, _TILTED_OCTAVES = 900.0, 2.5
_TAPS = 1023
"""Of the filter: fine enough to tell 300 Hz from 200."""
_TRANSFORM = 1 << 15
_ROUNDS = 3
"""Of finding both filters: the one moves a little of what the other is for."""
_STEPS = 12
"""Of halving an interval: to a thousandth of a decibel."""


def balance(mix: Samples, *, sample_rate: int, loop: bool) -> None:
    """Turn a mix's lows down, and tilt its spectrum, as far as it takes to be within bounds, in place.

    Most are, and are left alone to the bit.

    Args:
        mix: Shape (channels, frames).
        loop: Whether the end is heard running into the beginning; the filter then does too.
    """
    spectrum = Spectrum.of(mix, sample_rate=sample_rate)
    shelf_db = tilt_db = 0.0
    for _ in range(_ROUNDS):
        tilt_db = _tilt_for(spectrum.through(_shelf(spectrum.hz, shelf_db)))
        shelf_db = _shelf_for(spectrum.through(_tilt(spectrum.hz, tilt_db)))
    if shelf_db or tilt_db:
        _filter(mix, _taps(shelf_db, tilt_db, sample_rate=sample_rate), loop=loop)


def _tilt_for(spectrum: Spectrum) -> float:
    """Give the least tilt that brings the centroid within bounds, in dB an octave."""
    hz = spectrum.hz
    if spectrum.centroid_hz > _SHRILLEST_HZ:
        return -_least(
            lambda db: spectrum.through(_tilt(hz, -db)).centroid_hz <= _SHRILLEST_HZ, most=_MOST_TILT_DB
        )
    return _least(lambda db: spectrum.through(_tilt(hz, db)).centroid_hz >= _DULLEST_HZ, most=_MOST_TILT_DB)


def _shelf_for(spectrum: Spectrum) -> float:
    """Give the least cut of the lows that leaves a phone's speaker enough of the music, in dB: 0 or below."""
    hz = spectrum.hz
    return -_least(
        lambda db: spectrum.through(_shelf(hz, -db)).heard_above(_PHONE_HZ) >= _LEAST_ABOVE,
        most=_MOST_SHELF_DB,
    )


def _least(is_enough: Callable[[float], bool], *, most: float) -> float:
    """Find the smallest strength, in dB, that is enough: exactly 0 where none is needed, the most where none is."""
    if is_enough(0.0):
        return 0.0
    low, high = 0.0, most
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _shelf(hz: Samples, db: float) -> Samples:
    """Give the gain of a shelf below what a phone plays, its slope an octave to either side."""
    octaves = np.log2(np.maximum(hz, 1.0) / (_PHONE_HZ / math.sqrt(2)))
    below: Samples = (1 - np.tanh(2 * octaves)) / 2
    return np.asarray(10 ** (db * below / 20))


def _tilt(hz: Samples, db: float) -> Samples:
    """Give the gain of a spectrum tilted up by so much an octave; where it is down, of its highs alone."""
    octaves = np.log2(np.maximum(hz, 1.0) / _PIVOT_HZ)
    lowest = -_TILTED_OCTAVES if db > 0 else 0.0
    return np.asarray(10 ** (db * np.clip(octaves, lowest, _TILTED_OCTAVES) / 20))


def _taps(shelf_db: float, tilt_db: float, *, sample_rate: int) -> Samples:
    """Give the impulse response, even about its middle: no part of the music is delayed against another."""
    hz = np.fft.rfftfreq(4 * (_TAPS + 1), 1 / sample_rate).astype(np.float64)
    response = np.fft.irfft(_shelf(hz, shelf_db) * _tilt(hz, tilt_db))
    return np.asarray(np.roll(response, _TAPS // 2)[:_TAPS] * np.hanning(_TAPS + 2)[1:-1])


def _filter(mix: Samples, taps: Samples, *, loop: bool) -> None:
    """Convolve a mix with taps about their middle, block by block: a long piece is too large to copy.

    Args:
        taps: An odd number of them.
    """
    channels, frames = mix.shape
    half = len(taps) // 2
    response = np.fft.rfft(taps, _TRANSFORM)
    size = _TRANSFORM - 4 * half
    silence = np.zeros((channels, half))
    first, before = (mix[:, :half].copy(), mix[:, -half:].copy()) if loop else (silence, silence)
    for start in range(0, frames, size):
        stop = min(start + size, frames)
        behind = mix[:, stop : stop + half]
        around = np.concatenate(
            (before, mix[:, start:stop], behind, first[:, : half - behind.shape[1]]), axis=1
        )
        before = mix[:, stop - half : stop].copy()
        filtered = np.fft.irfft(np.fft.rfft(around, _TRANSFORM) * response, _TRANSFORM)
        mix[:, start:stop] = filtered[:, 2 * half : 2 * half + stop - start]
