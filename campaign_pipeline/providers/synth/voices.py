"""Samples of single notes.

Belongs here: oscillators and envelopes that turn a patch, a pitch and a length into samples.
Does not belong here: what the patches are (patches), and where notes go (play).
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from campaign_pipeline.providers.hearing import k_power
from campaign_pipeline.providers.synth.patch import Patch
from campaign_pipeline.providers.synth.patches import PATCHES

Samples = NDArray[np.float64]

_TABLE_BITS = 14
_TABLE_SIZE = 1 << _TABLE_BITS
_HIGHEST_HZ = 8500.0
"""Phones play little above it, and at 96 kbit/s MP3 spends its bits better below."""
_VIBRATO_HZ = 5.3
_VIBRATO_AFTER_S = 0.25
_CACHE_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class _Timbre:
    """Two sounds of one pitch, by the amplitudes of their partials, and the audible power of each."""

    dark_partials: Samples
    open_partials: Samples
    dark_power: float
    open_power: float

    @cached_property
    def dark(self) -> Samples:
        """The wave table of the dark sound: one cycle."""
        return _cycle(self.dark_partials)

    @cached_property
    def bloom(self) -> Samples:
        """The wave table of what the open sound has beyond the dark one."""
        return _cycle(self.open_partials - self.dark_partials)


class Voices:
    """Plays notes at one sample rate, and remembers those that return; threads may share it."""

    def __init__(self, *, sample_rate: int, brightness: float) -> None:
        self._rate = sample_rate
        self._brightness = brightness
        self._count = np.arange(sample_rate, dtype=np.uint32)
        self._timbres: dict[tuple[str, int], _Timbre] = {}
        self._played: OrderedDict[tuple[str, int, int], Samples] = OrderedDict()
        self._bytes = 0
        self._playing = threading.Lock()
        self._envelope = lru_cache(maxsize=64)(self._shape)
        self._weight = lru_cache(maxsize=None)(self._squares)

    def frames(self, patch: str, *, held: int) -> int:
        """Give how many frames a note sounds that is held for some."""
        return held + int(PATCHES[patch].release_s * self._rate)

    def note(self, patch: str, *, pitch: int, held: int) -> Samples:
        """Play a note of unit level."""
        key = (patch, pitch, held)
        # One thread at a time: a note that rings from one block into the next is wanted by two at once.
        with self._playing:
            if key in self._played:
                self._played.move_to_end(key)
                return self._played[key]
            samples = self._sound(patch, pitch=pitch, held=held)
            self._played[key] = samples
            self._bytes += samples.nbytes
            while self._bytes > _CACHE_BYTES and len(self._played) > 1:
                self._bytes -= self._played.popitem(last=False)[1].nbytes
            return samples

    def energy(self, patch: str, *, pitch: int, held: int) -> float:
        """Give the K-weighted energy of a note of unit level, without playing it.

        Sums, never BLAS products: those differ from one processor to the next, and wake threads for nothing.
        """
        timbre = self._timbre(patch, pitch)
        squares, opened = self._weight(patch, held)
        return timbre.dark_power * (squares - opened) + timbre.open_power * opened

    def _sound(self, patch: str, *, pitch: int, held: int) -> Samples:
        level, bloom = self._envelope(patch, held)
        timbre, design = self._timbre(patch, pitch), PATCHES[patch]
        frequency = _frequency(pitch)
        spread = 2 ** (design.detune_cents / 2400)
        tones = (frequency * spread, frequency / spread) if design.detune_cents else (frequency,)
        sound = np.zeros(len(level))
        for tone in tones:
            place = self._phase(tone, len(level), vibrato=design.vibrato)
            sound += timbre.dark[place]
            sound += bloom * timbre.bloom[place]
        sound *= level / np.sqrt(len(tones))
        return sound

    def _phase(self, frequency: float, frames: int, *, vibrato: float) -> NDArray[np.uint32]:
        """Count through a wave table; integers wrap around as a phase must, and are equal on every machine."""
        count = self._counting(frames)
        phase = count * np.uint32(round(frequency / self._rate * 2**32))
        if vibrato:
            depth = vibrato * frequency / (2 * np.pi * _VIBRATO_HZ) * 2**32
            time = count / self._rate
            sway = np.sin(2 * np.pi * _VIBRATO_HZ * time) * np.minimum(time / _VIBRATO_AFTER_S, 1.0) * depth
            phase += sway.astype(np.int64).astype(np.uint32)
        return phase >> np.uint32(32 - _TABLE_BITS)

    def _counting(self, frames: int) -> NDArray[np.uint32]:
        if frames > len(self._count):
            self._count = np.arange(2 * frames, dtype=np.uint32)
        return self._count[:frames]

    def _shape(self, patch: str, held: int) -> tuple[Samples, Samples]:
        """Draw the envelope of a note, and how open it is at each moment."""
        design = PATCHES[patch]
        time = np.arange(self.frames(patch, held=held)) / self._rate
        fade = np.exp(-np.maximum(time - design.attack_s, 0) / design.decay_s)
        level = design.sustain + (1 - design.sustain) * fade
        level *= _smooth(np.minimum(time / design.attack_s, 1.0))
        level[held:] *= np.linspace(1, 0, len(time) - held) ** 2
        return level, np.exp(-time / design.open_s)

    def _squares(self, patch: str, held: int) -> tuple[float, float]:
        """Sum the squares of a note's envelope, all of them and the open part."""
        level, bloom = self._envelope(patch, held)
        squares = level * level
        return float(np.sum(squares)), float(np.sum(squares * bloom))

    def _timbre(self, patch: str, pitch: int) -> _Timbre:
        key = (patch, pitch)
        if key not in self._timbres:
            self._timbres[key] = self._design(PATCHES[patch], _frequency(pitch))
        return self._timbres[key]

    def _design(self, patch: Patch, frequency: float) -> _Timbre:
        highest = min(_HIGHEST_HZ, 0.45 * self._rate)
        dark = patch.spectrum(frequency, cutoff_hz=patch.dark_hz * self._brightness, highest_hz=highest)
        opened = patch.spectrum(frequency, cutoff_hz=patch.open_hz * self._brightness, highest_hz=highest)
        heard = k_power(frequency * np.arange(1, len(dark) + 1, dtype=np.float64), sample_rate=self._rate)
        return _Timbre(
            dark_partials=dark,
            open_partials=opened,
            dark_power=float(np.sum(dark**2 * heard)) / 2,
            open_power=float(np.sum(opened**2 * heard)) / 2,
        )


def _frequency(pitch: int) -> float:
    return 440.0 * float(2.0 ** ((pitch - 69) / 12))


def _cycle(amplitudes: Samples) -> Samples:
    """Draw one cycle of a sum of sines; all begin at zero, so no note begins with a click."""
    spectrum = np.zeros(_TABLE_SIZE // 2 + 1, dtype=np.complex128)
    spectrum[1 : len(amplitudes) + 1] = -0.5j * _TABLE_SIZE * amplitudes
    return np.fft.irfft(spectrum, _TABLE_SIZE)


def _smooth(ramp: Samples) -> Samples:
    return ramp * ramp * (3 - 2 * ramp)
