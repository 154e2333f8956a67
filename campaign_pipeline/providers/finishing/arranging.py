"""The samples of a way through a sound.

Belongs here: measuring exactly how long a way's units are, and playing its parts with cross-fades.
Does not belong here: laying the way (bars), cutting silence and folding channels (fitting).
"""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.finishing.bars import Way
from campaign_pipeline.providers.finishing.crossfade import crossfaded
from campaign_pipeline.providers.finishing.resampling import resampled

Samples = NDArray[np.float64]

_SEARCH_S, _COMPARED_S = 0.03, 1.0
_ALIKE = 0.3
"""Correlation from which on two places of a piece hold the same music, so that one can be laid exactly on the other."""
_PAD = 1024
"""Frames around what is resampled: more than the filter's memory."""
_JOINT_S = 0.005
"""How long before a beat a loop may begin."""


def measured(way: Way, sound: Samples, *, sample_rate: int) -> Way:
    """Measure a way's units to the sample where the music recurs exactly, as that of machines does.

    Args:
        sound: One channel.
    """
    start, jump = round(way.start_s * sample_rate), round(way.reach * way.unit_s * sample_rate)
    search = round(_SEARCH_S * sample_rate)
    first = max(0, start - round(_COMPARED_S * sample_rate), search - jump)
    last = min(start + round(_COMPARED_S * sample_rate), len(sound) - jump - search)
    if last - first < search:
        return way
    delay, likeness = _likeness(sound[first:last], sound[first + jump - search : last + jump + search])
    if likeness < _ALIKE:
        return way
    return way.with_unit((jump + delay - search) / sample_rate / way.reach)


def _likeness(one: Samples, other: Samples) -> tuple[int, float]:
    """Find how late within the other the one recurs best, and its correlation there."""
    size = 1 << len(other).bit_length()
    products = np.fft.irfft(np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size)), size)
    products = products[: len(other) - len(one) + 1]
    energy = np.concatenate(([0.0], np.cumsum(np.square(other))))
    powers = (energy[len(one) :] - energy[: -len(one)]) * float(np.sum(np.square(one)))
    correlations = products / np.sqrt(np.maximum(powers, 1e-12))
    best = int(np.argmax(correlations))
    return best, float(correlations[best])


def arranged(way: Way, samples: Samples, *, sample_rate: int, frames_per_s: float, frames: int) -> Samples:
    """Play a way's parts one after another; the last one runs into the first.

    Args:
        samples: Shape (channels, frames) at `sample_rate`; they are used up.
        frames_per_s: How many frames a second of the sound gets: the sample rate to come, over the speed.
        frames: Of the result, which is as many as the way's units last.
    """
    ratio = frames_per_s / sample_rate
    first = max(0, int((way.start_s - way.fade_s - _JOINT_S) * sample_rate) - _PAD)
    last = int(way.end_s * sample_rate) + _PAD
    sound = resampled(samples[:, first:last], ratio=ratio)
    unit = frames / way.grid.count
    fade = round(way.fade_s * frames_per_s)
    origin = _quietest_step(
        sound, round((way.start_s - first / sample_rate) * frames_per_s), reach=round(_JOINT_S * frames_per_s)
    )
    bounds = [0, *itertools.accumulate(part.units for part in way.parts)]
    places = [round(bound * unit) for bound in bounds]
    sources = [origin + round(part.first * unit) for part in way.parts]
    played = _played(sound, sources=sources, places=places)
    for source, end in zip(sources, [frames, *places[1:-1]], strict=True):
        lead = min(fade, source)
        over = slice(end - lead, end)
        played[:, over] = crossfaded(played[:, over], sound[:, source - lead : source])
    return played


def _played(sound: Samples, *, sources: Sequence[int], places: Sequence[int]) -> Samples:
    """Lay stretches of a sound one after another; a single one stays where it is, for long ones fill the memory."""
    frames = places[-1]
    if len(sources) == 1 and sources[0] + frames <= sound.shape[1]:
        return sound[:, sources[0] : sources[0] + frames]
    played = np.zeros((len(sound), frames))
    for source, (start, end) in zip(sources, itertools.pairwise(places), strict=True):
        stretch = sound[:, source : source + end - start]
        played[:, start : start + stretch.shape[1]] = stretch
    return played


def _quietest_step(sound: Samples, place: int, *, reach: int) -> int:
    """Take of the frames just before a place the one that is reached by the smallest step."""
    first = max(0, place - reach - 1)
    steps = np.abs(np.diff(sound[:, first : place + 1])).max(axis=0)
    return first + 1 + int(np.argmin(steps)) if len(steps) else place
