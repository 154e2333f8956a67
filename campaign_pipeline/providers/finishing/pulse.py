"""The pulse of music that comes without its tempo.

Belongs here: finding the beats near a tempo, or that there are none.
Does not belong here: onset strength (onsets), what is done with the beats (bars).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.onsets import Onsets

Samples = NDArray[np.float64]

_OCTAVES = 0.75
"""On either side of the expected tempo; at an octave, the same beats would be found again, in twos or halves."""
_TEMPI = 601
_LIKELY_OCTAVES = 0.4
_BEATS_AHEAD, _LEAST_BEATS = 8, 3
"""Over so many beats, or so few in a short piece, a tempo must hold to be one."""
_LEAST_STRENGTH = 0.15
"""Mean autocorrelation over those beats: of noise it stays below 0.05, of music with any rhythm it is above 0.4."""
_WITHIN_HOPS = 3
_KEEPS = 0.5
_OVERLAP = 0.25
"""Of the sound, at least, that two copies must share to be compared."""
_PHASES = 64
_COUNTED_BEATS = 32


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """Beats: the time of the first, and the time from each to the next."""

    first_s: float
    beat_s: float

    @property
    def bpm(self) -> float:
        """The tempo."""
        return 60 / self.beat_s


def find_pulse(onsets: Onsets, *, near_bpm: float) -> Pulse | None:
    """Find the pulse nearest to an expected tempo; None where nothing recurs.

    The tempo is read from the autocorrelation of the onsets over a few beats, then over twice as many, and so on: a
    loop of sixty beats comes out of step by sixty times the error of one.
    """
    alike = _autocorrelation(onsets.strength)
    octaves = np.linspace(-_OCTAVES, _OCTAVES, _TEMPI)
    lags = 60 / near_bpm / onsets.hop_s * 2**octaves
    beats = min(_BEATS_AHEAD, int((len(alike) - 1) / lags[-1]))
    if beats < _LEAST_BEATS:
        return None
    strengths = np.mean([_at(alike, beat * lags) for beat in range(1, beats + 1)], axis=0)
    best = int(np.argmax(strengths * np.exp(-0.5 * np.square(octaves / _LIKELY_OCTAVES))))
    if strengths[best] < _LEAST_STRENGTH:
        return None
    lag = _refined(alike, float(lags[best]), beats=beats, least=_KEEPS * float(strengths[best]))
    return Pulse(first_s=_first_beat(onsets, lag), beat_s=lag * onsets.hop_s)


def _autocorrelation(strength: Samples) -> Samples:
    """Correlate the onsets with themselves, later and later; 1 at no delay."""
    around = strength - strength.mean()
    size = 1 << (2 * len(around)).bit_length()
    spectrum = np.fft.rfft(around, size)
    count = round(len(around) * (1 - _OVERLAP))
    products = np.fft.irfft(np.square(np.abs(spectrum)), size)[:count]
    shares = products * len(around) / np.arange(len(around), len(around) - count, -1)
    return shares / max(float(products[0]), 1e-12) if count else shares


def _refined(alike: Samples, lag: float, *, beats: int, least: float) -> float:
    while beats * lag + _WITHIN_HOPS + 1 < len(alike):
        first = round(beats * lag) - _WITHIN_HOPS
        near = alike[first : first + 2 * _WITHIN_HOPS + 1]
        top = int(np.argmax(near))
        if near[top] < least or not 0 < top < len(near) - 1:
            break
        lag = (first + top + _vertex(near[top - 1 : top + 2])) / beats
        beats *= 2
    return lag


def _vertex(three: Samples) -> float:
    """Say where between its neighbours the top of a parabola lies."""
    before, top, after = three.tolist()
    bend = before - 2 * top + after
    return 0.5 * (before - after) / bend if bend else 0.0


def _first_beat(onsets: Onsets, lag: float) -> float:
    """Take the phase at which most begins over the first beats."""
    phases = np.arange(_PHASES) * lag / _PHASES
    beats = min(_COUNTED_BEATS, int(len(onsets.strength) / lag))
    totals = sum(_at(onsets.strength, phases + beat * lag) for beat in range(beats))
    return onsets.first_s + float(phases[int(np.argmax(totals))]) * onsets.hop_s


def _at(values: Samples, places: Samples) -> Samples:
    """Read values between their places."""
    return np.interp(places, np.arange(len(values)), values, right=0.0)
